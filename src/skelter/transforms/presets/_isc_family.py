"""Views of the methods that took over those of the reference method, ISC."""

from __future__ import annotations

from skelter.layouts import NTU25, SkeletonLayout
from skelter.transforms.combining._choice import RandomApply
from skelter.transforms.combining._compose import Compose, MultiView
from skelter.transforms.geometry._mirror import Mirror
from skelter.transforms.geometry._rotation import RotateMainAxis
from skelter.transforms.geometry._shear import Shear
from skelter.transforms.masks._chunks import PartChunkMask
from skelter.transforms.masks._frames import FrameMask
from skelter.transforms.masks._graph import NeighbourhoodMask
from skelter.transforms.mixing._choice import MixOneOf
from skelter.transforms.presets._crosclr import mix_one_of
from skelter.transforms.presets._isc import isc_view
from skelter.transforms.time._crop import TemporalCropResize


def isc_views(*, frames: int = 64, layout: SkeletonLayout | None = None) -> MultiView:
    """Return the two views of ISC. CMD, HaLP and HiCo take the same.

    HiCo flattens the coordinates of a frame as (m v c), and scans with an encoder of its own.

    Args:
        frames: Frames of the views.
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on. None takes all of 2 or 3 channels for positions.

    References:
        Thoker, Doughty, Snoek, ACM MM 2021; Mao et al., CMD, ECCV 2022; Shah et al., HaLP, CVPR
        2023; Dong et al., HiCo, AAAI 2023.

    Example:
        >>> import torch
        >>> view1, view2 = isc_views()(torch.randn(4, 3, 90, 25, 2))
        >>> view1.shape
        torch.Size([4, 3, 64, 25, 2])
    """
    view = isc_view(frames=frames, layout=layout)
    return MultiView([view, view])


def umurl_views(*, frames: int = 64, layout: SkeletonLayout | None = None) -> MultiView:
    """Return the four views of UmURL and USDRL, each as those of ISC.

    Args:
        frames: Frames of the views.
        layout: See `isc_views`.

    References:
        Sun et al., Unified Multi-modal Unsupervised Representation Learning for Skeleton-based
        Action Understanding, ACM MM 2023; Weng et al., USDRL: Unified Skeleton-Based Dense
        Representation Learning with Multi-Grained Feature Decorrelation, AAAI 2025.

    Example:
        >>> import torch
        >>> len(umurl_views()(torch.randn(4, 3, 90, 25, 2)))
        4
    """
    return MultiView([isc_view(frames=frames, layout=layout)] * 4)


def pcm3_views(layout: SkeletonLayout = NTU25, *, frames: int = 64) -> MultiView:
    """Return the three views of PCM3: two of ISC, and a sheared one with hidden parts.

    In every chunk of 8 frames 3 of 5 parts are hidden. Unlike the original, it does so for every
    person, one of them included, for any number of frames, and each clip draws for itself. Mix the
    first view with `pcm3_mixer`.

    Args:
        layout: The layout of the clips; it must name its parts.
        frames: Frames of the views.

    References:
        Zhang et al., Prompted Contrast with Masked Motion Modeling: Towards Versatile 3D Action
        Representation Learning, ACM MM 2023.

    Example:
        >>> import torch
        >>> view1, view2, masked = pcm3_views()(torch.randn(4, 3, 90, 25, 1))
        >>> masked.shape
        torch.Size([4, 3, 64, 25, 1])
    """
    view = isc_view(frames=frames, layout=layout)
    masked = Compose(
        [
            TemporalCropResize(frames),
            Shear(layout=layout),
            PartChunkMask(layout, 0.6, chunk=8),
        ]
    )
    return MultiView([view, view, masked])


def pcm3_mixer(layout: SkeletonLayout = NTU25) -> MixOneOf:
    """Return the mixing of PCM3: that of ActCLR with 2 to 3 parts in 7 to 11 blocks of 4 frames.

    Args:
        layout: The layout of the clips; it must name its parts.

    References:
        Zhang et al., ACM MM 2023.

    Example:
        >>> import torch
        >>> pcm3_mixer()(torch.randn(4, 3, 64, 25, 1)).clips.shape
        torch.Size([4, 3, 64, 25, 1])
    """
    return mix_one_of(layout, (2, 3), (7, 11))


def scdnet_view(layout: SkeletonLayout = NTU25, *, frames: int = 64) -> Compose:
    """Return the view of SCD-Net, which takes a stream: crop-resize, then five gated steps.

    Rotation about one main axis, exchange of left and right joints, shear, a mask of neighbouring
    joints, and a mask of 6 of 16 blocks of 4 frames, each with probability 1/2.

    Unlike the original, it takes any layout and any number of frames, and ties of the neighbourhood
    mask are broken at random.

    Args:
        layout: The layout of the clips; it must name its left and right joints and its bones.
        frames: Frames of the view.

    References:
        Wu et al., SCD-Net: Spatiotemporal Clues Disentanglement Network for Self-Supervised
        Skeleton-Based Action Recognition, AAAI 2024.

    Example:
        >>> import torch
        >>> scdnet_view()(torch.randn(4, 3, 90, 25, 2)).shape
        torch.Size([4, 3, 64, 25, 2])
    """
    steps = [
        RotateMainAxis(layout=layout),
        Mirror(layout),
        Shear(layout=layout),
        NeighbourhoodMask(layout),
        FrameMask(0.375, block=4),
    ]
    return Compose([TemporalCropResize(frames), *(RandomApply(step) for step in steps)])
