"""Views of masked prediction and of GL-Transformer, and their masks of tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from skelter.layouts import NTU25, SkeletonLayout
from skelter.transforms.bones._limbs import ScaleLimbs
from skelter.transforms.combining._choice import RandomApply
from skelter.transforms.combining._compose import Compose, MultiView
from skelter.transforms.geometry._mirror import Mirror
from skelter.transforms.geometry._rotation import Rotate
from skelter.transforms.geometry._shear import Shear
from skelter.transforms.kinds._base import Transform
from skelter.transforms.masks._axis import AxisMask
from skelter.transforms.masks._single_tokens import MotionTokenMask
from skelter.transforms.masks._tubes import TubeTokenMask
from skelter.transforms.noise._gaussian import GaussianNoise
from skelter.transforms.time._crop import CentreCropResize, TemporalCropResize
from skelter.transforms.time._segments import SegmentSample
from skelter.transforms.time._speed import Speed


def mamp_view(*, frames: int = 120, layout: SkeletonLayout | None = None) -> Compose:
    """Return the view of MAMP: crop-resize, then a small rotation about each axis.

    Pre-training, fine-tuning and probing take the same, and so does stage 1 of STARS. Pre-training
    hides tokens afterwards, see `mamp_token_mask`. Tests take the middle 95 %, `isc_test_view`
    with as many frames.

    Args:
        frames: Frames of the view.
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on. None takes all of 2 or 3 channels for positions.

    References:
        Mao et al., Masked Motion Predictors are Strong 3D Action Representation Learners, ICCV
        2023.

    Example:
        >>> import torch
        >>> mamp_view()(torch.randn(8, 3, 90, 25, 2)).shape
        torch.Size([8, 3, 120, 25, 2])
    """
    return Compose([TemporalCropResize(frames, (0.5, 1.0)), Rotate(radians=0.3, layout=layout)])


def mamp_token_mask(ratio: float = 0.9, *, temperature: float = 0.8) -> MotionTokenMask:
    """Return the mask of MAMP: of patches of 4 frames of a joint, moving ones are hidden.

    A tenth of the tokens stays visible. The original loses one of 75 to a rounding error.

    Args:
        ratio: Share of the tokens that is hidden.
        temperature: 0.8 for NTU RGB+D 60 and PKU-MMD, 0.75 for NTU RGB+D 120.

    References:
        Mao et al., ICCV 2023, "motion-aware masking".

    Example:
        >>> import torch
        >>> int(mamp_token_mask()(torch.randn(3, 120, 25, 1)).sum())
        75
    """
    return MotionTokenMask(ratio, temperature=temperature)


def stars_view(*, frames: int = 120) -> CentreCropResize:
    """Return the view of stage 2 of STARS: the middle 95 %, without augmentation.

    All released configurations have it. Stage 1 is `mamp_view`.

    Args:
        frames: Frames of the view.

    References:
        Mehraban et al., STARS: Self-supervised Tuning for 3D Action Recognition in Skeleton
        Sequences, arXiv 2407.10935.

    Example:
        >>> stars_view().ratio
        0.95
    """
    return CentreCropResize(frames, 0.95)


def macdiff_view(*, frames: int = 120) -> TemporalCropResize:
    """Return the view of MacDiff's pre-training: crop-resize.

    What is encoded gets noise besides, ``GaussianNoise(0.005)``, and its tokens are hidden by
    ``UniformTokenMask(0.9)``, or by `mamp_token_mask` on NTU RGB+D 60 across views and NTU RGB+D
    120 across setups. What is to be predicted is the view itself. Fine-tuning and probing take
    `mamp_view`.

    Args:
        frames: Frames of the view.

    References:
        Wu et al., MacDiff: Unified Skeleton Modeling with Masked Conditional Diffusion, ECCV 2024.

    Example:
        >>> import torch
        >>> macdiff_view()(torch.randn(8, 3, 90, 25, 2)).shape
        torch.Size([8, 3, 120, 25, 2])
    """
    return TemporalCropResize(frames, (0.5, 1.0))


def gltransformer_view(layout: SkeletonLayout = NTU25, *, frames: int = 300) -> Compose:
    """Return the view of GL-Transformer: up to 10 % faster or slower, then sheared.

    Clips are normalised by `gltransformer_normalise`, after which the first root of the layout
    holds the way through space: it is not sheared. The probe trains with the change of speed alone.

    Unlike the original, frames behind the last are zeros, not 99.9, and the joint that is kept is
    not set to zero in the caller's clips.

    Args:
        layout: The layout of the clips.
        frames: Frames that clips are padded to.

    References:
        Kim et al., Global-local Motion Transformer for Unsupervised Skeleton-based Action
        Learning, ECCV 2022.

    Example:
        >>> import torch
        >>> gltransformer_view()(torch.randn(8, 3, 280, 25, 2)).shape
        torch.Size([8, 3, 300, 25, 2])
    """
    keep = layout.joints[layout.roots[0]]
    return Compose([Speed((0.9, 1.1), frames=frames), Shear(0.3, keep=keep, layout=layout)])


def slim_views(layout: SkeletonLayout = NTU25) -> MultiView:
    """Return the five views of SLiM: two of 64 frames, and local ones of 32, 16 and 8.

    All are mirrored with probability 1/2, get other lengths of limbs with probability 1/2, and are
    rotated with probability 1/2. The first has noise of deviation 0.01. The second has noise of
    0.05 with probability 0.1, and one coordinate set to zero with probability 0.2. The local ones
    have noise of 0.01 with probability 1/2. Hide tokens by `slim_token_mask` afterwards.

    Unlike the original, limbs stay joined to the body for any order of joints, and a local
    view is drawn from the whole clip, not from the span of a global one.

    Args:
        layout: The layout of the clips; it must name its left and right joints, its bones and
            parts.

    References:
        SLiM, a masked model of skeletons: the settings of its released code.

    Example:
        >>> import torch
        >>> [view.shape[2] for view in slim_views()(torch.randn(4, 3, 90, 25, 2))]
        [64, 64, 32, 16, 8]
    """
    noise = GaussianNoise(0.01, layout=layout)
    second = [
        RandomApply(GaussianNoise(0.05, layout=layout), 0.1),
        RandomApply(AxisMask(layout=layout), 0.2),
    ]
    spans = {32: (0.35, 0.7), 16: (0.15, 0.4), 8: (0.05, 0.2)}
    return MultiView(
        [
            _slim_view(layout, 64, (0.5, 1.0), [noise]),
            _slim_view(layout, 64, (0.5, 1.0), second),
            *(
                _slim_view(layout, frames, ratio, [RandomApply(noise)])
                for frames, ratio in spans.items()
            ),
        ]
    )


def slim_token_mask(layout: SkeletonLayout = NTU25) -> TubeTokenMask:
    """Return the mask of SLiM: tubes of neighbouring joints of a part, over some blocks of frames.

    The authors hide 50 to 90 % of the tokens of the local views and of half of the global ones.

    Args:
        layout: The layout of the clips; it must name its parts.

    References:
        SLiM, a masked model of skeletons: the settings of its released code.

    Example:
        >>> import torch
        >>> slim_token_mask()(torch.randn(3, 64, 25, 1)).shape
        torch.Size([1, 8, 25])
    """
    return TubeTokenMask(layout)


def _slim_view(
    layout: SkeletonLayout, frames: int, ratio: tuple[float, float], last: Sequence[Transform[Any]]
) -> Compose:
    return Compose(
        [
            SegmentSample(frames, ratio, min_frames=min(16, max(8, frames))),
            RandomApply(Mirror(layout, "x")),
            RandomApply(ScaleLimbs(layout)),
            RandomApply(Rotate(radians=0.3, layout=layout)),
            *last,
        ]
    )
