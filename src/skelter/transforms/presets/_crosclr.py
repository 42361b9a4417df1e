"""Views of CrosSCLR and of the methods that grew out of it.

Their authors normalise by `crosclr_normalise`, which also resizes clips to one length. The views
take clips of any length and leave it as it is.
"""

from __future__ import annotations

from typing import Any

from skelter.layouts import NTU25, SkeletonLayout
from skelter.transforms.bones._rescale import RescaleBones
from skelter.transforms.combining._choice import RandomApply
from skelter.transforms.combining._compose import Compose, MultiView
from skelter.transforms.combining._some_of import SomeOf
from skelter.transforms.geometry._mirror import Mirror
from skelter.transforms.geometry._rotation import RotateMainAxis
from skelter.transforms.geometry._shear import Shear
from skelter.transforms.kinds._base import Transform
from skelter.transforms.masks._axis import AxisMask
from skelter.transforms.masks._chunks import JointChunkMask
from skelter.transforms.masks._graph import CentralityMask
from skelter.transforms.masks._removal import DropMovingFrames
from skelter.transforms.mixing._choice import MixOneOf
from skelter.transforms.mixing._mixup import Mixup
from skelter.transforms.mixing._regions import MixRegions, ResizeMix
from skelter.transforms.noise._blur import TemporalBlur
from skelter.transforms.noise._gaussian import GaussianNoise
from skelter.transforms.time._crop import CentreCropResize
from skelter.transforms.time._order import Reverse
from skelter.transforms.time._reflect import CropReflect
from skelter.transforms.time._speed import Speed


def crosclr_view(layout: SkeletonLayout | None = None) -> Compose:
    """Return the view of CrosSCLR: a crop with reflected borders, then shear.

    Both views of a clip are drawn from it. IKEM, CoDT and the weak views of AimCLR are the same.
    The linear probes of these methods train without augmentation.

    Unlike the original, the crop reflects inside the recorded frames, and not at the padding.

    Args:
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on. None takes all of 2 or 3 channels for positions.

    References:
        Li et al., 3D Human Action Representation Learning via Cross-View Consistency Pursuit,
        CVPR 2021.

    Example:
        >>> import torch
        >>> crosclr_view()(torch.randn(8, 3, 50, 25, 2)).shape
        torch.Size([8, 3, 50, 25, 2])
    """
    return Compose([CropReflect(), Shear(0.5, layout=layout)])


def aimclr_strong_view(layout: SkeletonLayout = NTU25, *, reverse: bool = False) -> Compose:
    """Return the strong view of AimCLR, its augmentations 1 to 5.

    Reflected crop, shear, then with probability 1/2 each: exchange of left and right joints,
    Gaussian noise, blur along time, one coordinate set to zero. The rotation about one main axis
    is always there.

    Unlike the original it works for any layout, the blur keeps the size of a body (the original
    multiplies it by up to 5), and noise leaves missing joints and persons at zero.

    Args:
        layout: The layout of the clips; it must name its left and right joints.
        reverse: Whether to reverse half of the clips in time, augmentation 6, which HYSP uses.

    Raises:
        ValueError: The layout has no pairs of left and right joints, or is of an image.

    References:
        Guo et al., Contrastive Learning from Extremely Augmented Skeleton Sequences for
        Self-Supervised Action Recognition, AAAI 2022.

    Example:
        >>> import torch
        >>> from skelter.layouts import KINECT20
        >>> aimclr_strong_view(KINECT20)(torch.randn(8, 3, 50, 20, 1)).shape
        torch.Size([8, 3, 50, 20, 1])
    """
    last = [RandomApply(Reverse())] if reverse else []
    return Compose(
        [
            CropReflect(),
            Shear(0.5, layout=layout),
            *_five_steps(layout, 0.01),
            *last,
        ]
    )


def _five_steps(layout: SkeletonLayout, std: float) -> list[Transform[Any]]:
    """Return augmentations 1 to 5 of AimCLR, with noise of a deviation."""
    return [
        RandomApply(Mirror(layout)),
        RotateMainAxis(layout=layout),
        RandomApply(GaussianNoise(std, layout=layout)),
        RandomApply(TemporalBlur(layout=layout)),
        RandomApply(AxisMask(layout=layout)),
    ]


def aimclr_views(layout: SkeletonLayout = NTU25) -> MultiView:
    """Return the three views of AimCLR: strong, weak, weak.

    AimCLR-v2 takes the same three. Its repository holds a further, unused set of views that shears
    twice. It is not repeated here.

    Args:
        layout: See `aimclr_strong_view`.

    References:
        Guo et al., AAAI 2022.

    Example:
        >>> import torch
        >>> [view.shape[2] for view in aimclr_views()(torch.randn(8, 3, 50, 25, 2))]
        [50, 50, 50]
    """
    weak = crosclr_view(layout)
    return MultiView([aimclr_strong_view(layout), weak, weak])


def hysp_views(layout: SkeletonLayout = NTU25) -> MultiView:
    """Return the two views of HYSP: strong with reversal, and weak.

    Args:
        layout: See `aimclr_strong_view`.

    References:
        Franco et al., Hyperbolic Self-paced Learning for Self-supervised Skeleton-based Action
        Representations, ICLR 2023.

    Example:
        >>> import torch
        >>> strong, weak = hysp_views()(torch.randn(8, 3, 50, 25, 2))
        >>> strong.shape
        torch.Size([8, 3, 50, 25, 2])
    """
    return MultiView([aimclr_strong_view(layout, reverse=True), crosclr_view(layout)])


def hiclr_views(layout: SkeletonLayout = NTU25) -> MultiView:
    """Return the four views of HiCLR: weak, weak, strong, strong with masked joints.

    In the last, a tenth of the joints of each frame is zero. The original fills them with a
    learned number and has one mask a batch. To fill in a number of your own, call `keep` of
    `JointChunkMask`. The method's random edges belong to its encoder.

    Args:
        layout: See `aimclr_strong_view`.

    References:
        Zhang et al., Hierarchical Consistent Contrastive Learning for Skeleton-Based Action
        Recognition with Growing Augmentations, AAAI 2023.

    Example:
        >>> import torch
        >>> len(hiclr_views()(torch.randn(8, 3, 64, 25, 2)))
        4
    """
    weak, strong = crosclr_view(layout), aimclr_strong_view(layout)
    return MultiView([weak, weak, strong, Compose([strong, JointChunkMask(0.1)])])


def skelemixclr_views(layout: SkeletonLayout | None = None, *, frames: int = 64) -> MultiView:
    """Return the two views of SkeleMixCLR: resized, cropped with reflected borders, sheared.

    Mix a view with `skelemixclr_mixer` afterwards.

    Args:
        layout: See `crosclr_view`.
        frames: Frames of the views.

    References:
        Chen et al., Contrastive Learning from Spatio-Temporal Mixed Skeleton Sequences for
        Self-Supervised Skeleton-Based Action Recognition, arXiv 2207.03065.

    Example:
        >>> import torch
        >>> view1, view2 = skelemixclr_views()(torch.randn(8, 3, 100, 25, 2))
        >>> view1.shape
        torch.Size([8, 3, 64, 25, 2])
    """
    view = Compose([CentreCropResize(frames, 1.0), CropReflect(), Shear(0.5, layout=layout)])
    return MultiView([view, view])


def skelemixclr_mixer(layout: SkeletonLayout = NTU25) -> MixRegions:
    """Return the mixing of SkeleMixCLR: 2 to 3 parts, in 7 to 11 blocks of 4 frames.

    The method calls it three times for each batch. Unlike the original, every clip draws its own
    region and partner, any other clip of the batch may be the partner, and two clips are enough.

    Args:
        layout: The layout of the clips; it must name its parts.

    References:
        Chen et al., arXiv 2207.03065.

    Example:
        >>> import torch
        >>> mixed = skelemixclr_mixer()(torch.randn(8, 3, 64, 25, 2))
        >>> mixed.clips.shape, mixed.partner.shape
        (torch.Size([8, 3, 64, 25, 2]), torch.Size([8]))
    """
    return MixRegions(layout, parts=(2, 3), blocks=(7, 11))


def actclr_views(
    layout: SkeletonLayout = NTU25, *, count: int = 7, weak_count: int = 5
) -> MultiView:
    """Return the four views of ActCLR: strong, strong as AimCLR's, weak, weak.

    Of seven augmentations the first view gets ``count``, chosen for each clip, in a fixed order:
    the five of AimCLR with noise of 0.05, a change of speed, and shorter bones. Of the five of
    AimCLR the second gets ``weak_count``. All but the rotation and the bones are then applied with
    probability 1/2. The authors take 7 and 5 up to epoch 100, 5 and 3 up to 200, 3 and 1 up to
    300, and none afterwards. They choose once an epoch.

    Unlike the original, it takes any layout, the joint that is kept is not set to zero in the
    caller's clips, and the blur keeps the size of a body.

    Args:
        layout: The layout of the clips; it must name its left and right joints and its bones.
        count: Augmentations of the first view, from 0 to 7.
        weak_count: Augmentations of the second view, from 0 to 5.

    Raises:
        ValueError: A number is out of range, or the layout lacks what they need.

    References:
        Lin et al., Actionlet-Dependent Contrastive Learning for Unsupervised Skeleton-Based Action
        Recognition, CVPR 2023.

    Example:
        >>> import torch
        >>> views = actclr_views(count=5, weak_count=3)(torch.randn(8, 3, 50, 25, 2))
        >>> len(views)
        4
    """
    root = layout.roots[0]  # the origin of clips normalised by `crosclr_normalise`
    shrunk = RescaleBones(layout, (0.0, 0.5), symmetric=False, root=root)
    strong = [*_five_steps(layout, 0.05), RandomApply(Speed((0.5, 1.5))), shrunk]
    crop, sheared = CropReflect(), Shear(0.5, keep=root, layout=layout)
    weak = Compose([crop, sheared])
    first = Compose([crop, sheared, SomeOf(strong, count)])
    second = Compose([crop, sheared, SomeOf(_five_steps(layout, 0.01), weak_count)])
    return MultiView([first, second, weak, weak])


def actclr_mixer(layout: SkeletonLayout = NTU25, *, late: bool = False) -> MixOneOf:
    """Return the mixing of ActCLR: regions for half of the clips, resized regions, or mixup.

    Args:
        layout: The layout of the clips; it must name its parts.
        late: Whether to take the smaller regions of epochs after 199: 1 to 2 parts in 1 to 3
            blocks of 4 frames, instead of 2 to 3 parts in 3 to 5 blocks.

    References:
        Lin et al., CVPR 2023.

    Example:
        >>> import torch
        >>> mixed = actclr_mixer()(torch.randn(8, 3, 48, 25, 2))
        >>> mixed.clips.shape, mixed.share.shape
        (torch.Size([8, 3, 48, 25, 2]), torch.Size([8]))
    """
    parts, blocks = ((1, 2), (1, 3)) if late else ((2, 3), (3, 5))
    return mix_one_of(layout, parts, blocks)


def mix_one_of(layout: SkeletonLayout, parts: tuple[int, int], blocks: tuple[int, int]) -> MixOneOf:
    """Return regions for half of the clips, resized regions or mixup for a quarter each."""
    regions = MixRegions(layout, parts, blocks=blocks)
    resized = ResizeMix(layout, parts, blocks=blocks)
    return MixOneOf([regions, resized, Mixup()], weights=[2, 1, 1])


def pstl_views(layout: SkeletonLayout = NTU25) -> MultiView:
    """Return the three views of PSTL: whole, with fewer frames, with fewer joints.

    Each is a reflected crop, a shear of amplitude 1, a rotation about one main axis, and for half
    of the clips the exchange of left and right joints. The second then loses 20 of 50 frames, half
    of them the most moving. The third loses 8 joints of high degree: the original takes them out
    of the graph, here they are zero. Compute streams before augmenting, as the authors do.

    Unlike the original, every clip draws for itself, a batch of one works, and the 8 joints differ.

    Args:
        layout: The layout of the clips; it must name its left and right joints and its bones.

    References:
        Zhou et al., Self-Supervised Action Representation Learning from Partial Spatio-Temporal
        Skeleton Sequences, AAAI 2023.

    Example:
        >>> import torch
        >>> [view.shape[2] for view in pstl_views()(torch.randn(8, 3, 50, 25, 2))]
        [50, 30, 50]
    """
    whole = [
        CropReflect(),
        Shear(1.0, layout=layout),
        RotateMainAxis(layout=layout),
        RandomApply(Mirror(layout)),
    ]
    fewer_frames = Compose([*whole, DropMovingFrames(30)])
    return MultiView([Compose(whole), fewer_frames, Compose([*whole, CentralityMask(layout)])])
