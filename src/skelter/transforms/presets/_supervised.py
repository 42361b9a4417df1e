"""Views of supervised training, which fine-tuning and comparisons need."""

from __future__ import annotations

from torch import Tensor

from skelter.layouts import COCO17, KINECT20, NTU25, OPENPOSE18, SkeletonLayout, map_positions
from skelter.transforms.bones._transfer import TransferBones
from skelter.transforms.combining._choice import OneOf, RandomApply
from skelter.transforms.combining._compose import Compose
from skelter.transforms.geometry._box_crop import BoxCrop
from skelter.transforms.geometry._box_scale import BoxScale
from skelter.transforms.geometry._mirror import Mirror
from skelter.transforms.geometry._move import RandomMove
from skelter.transforms.geometry._persons import SwapPersons
from skelter.transforms.geometry._rotation import Rotate, RotateMainAxis
from skelter.transforms.geometry._scale import Scale, ScaleAxes
from skelter.transforms.geometry._shear import Shear
from skelter.transforms.geometry._view import WholeDegreeView
from skelter.transforms.kinds._base import Deterministic
from skelter.transforms.kinds._positions import presence
from skelter.transforms.masks._axis import AxisMask
from skelter.transforms.masks._grid import JointFrameMask
from skelter.transforms.presets._normalisations import ucla_normalise
from skelter.transforms.time._crop import TemporalCropResize
from skelter.transforms.time._segments import EqualSegments, SegmentSample, UniformSample
from skelter.transforms.time._sorted import EvenSample, SortedSample
from skelter.transforms.time._window import RandomWindow


def ctrgcn_view(*, frames: int = 64, layout: SkeletonLayout | None = None) -> Compose:
    """Return the training view of CTR-GCN: crop-resize, then a small rotation about each axis.

    Compute bones or motion after it. Tests take the middle 95 %, `isc_test_view`.

    Args:
        frames: Frames of the view.
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on. None takes all of 2 or 3 channels for positions.

    References:
        Chen et al., Channel-wise Topology Refinement Graph Convolution for Skeleton-Based Action
        Recognition, ICCV 2021.

    Example:
        >>> import torch
        >>> ctrgcn_view()(torch.randn(8, 3, 90, 25, 2)).shape
        torch.Size([8, 3, 64, 25, 2])
    """
    return Compose([TemporalCropResize(frames, (0.5, 1.0)), Rotate(radians=0.3, layout=layout)])


def ucla_view(layout: SkeletonLayout = KINECT20, *, frames: int = 52) -> Compose:
    """Return the training view of NW-UCLA: seen from a random side, each axis to [-1, 1].

    Sorted frames are drawn from 100 copies of each. The random scale of the original is left out:
    the range of each axis is divided out afterwards. Tests take `ucla_test_view`.

    Args:
        layout: The layout of the clips.
        frames: Frames of the view.

    References:
        Chen et al., ICCV 2021 (CTR-GCN): the released loader of NW-UCLA.

    Example:
        >>> import torch
        >>> ucla_view()(torch.randn(8, 3, 40, 20, 1)).shape
        torch.Size([8, 3, 52, 20, 1])
    """
    turned = WholeDegreeView(scale=(1.0, 1.0), layout=layout)
    return Compose([turned, ucla_normalise(layout), SortedSample(frames)])


def ucla_test_view(layout: SkeletonLayout = KINECT20, *, frames: int = 52) -> Compose:
    """Return the test view of NW-UCLA: each axis to [-1, 1], evenly spaced frames.

    Args:
        layout: The layout of the clips.
        frames: Frames of the view.

    References:
        Chen et al., ICCV 2021 (CTR-GCN): the released loader of NW-UCLA.

    Example:
        >>> import torch
        >>> ucla_test_view()(torch.randn(8, 3, 40, 20, 1)).shape
        torch.Size([8, 3, 52, 20, 1])
    """
    return Compose([ucla_normalise(layout), EvenSample(frames)])


def skateformer_view(layout: SkeletonLayout = NTU25, *, frames: int = 64) -> Compose:
    """Return the training view of SkateFormer: sampled segments, then one of three.

    Half of the clips get seven steps with probability 1/2 each: exchange of persons, shear,
    rotation about one axis, scale of each axis, exchange of left and right, one coordinate set to
    zero, some joints of some frames set to zero. A fifth gets the bone lengths of another clip of
    the batch, and the others nothing.

    Unlike the original, bone lengths come from any other clip, not one of the same class: pass
    `params` to choose partners yourself. They are never read one frame past its end, and a body
    without a counterpart is left alone. Joints and frames are shares, so that short clips work.
    Compute streams after it. Tests take `CentreSegmentSample`.

    Args:
        layout: The layout of the clips; it must name its left and right joints and its bones.
        frames: Frames of the view.

    References:
        Do and Kim, SkateFormer: Skeletal-Temporal Transformer for Human Action Recognition, ECCV
        2024.

    Example:
        >>> import torch
        >>> skateformer_view()(torch.randn(8, 3, 90, 25, 2)).shape
        torch.Size([8, 3, 64, 25, 2])
    """
    steps = [
        SwapPersons(),
        Shear(0.5, layout=layout),
        RotateMainAxis((-30.0, 30.0), (0.0, 0.0), layout=layout),
        ScaleAxes(0.2, layout=layout),
        Mirror(layout),
        AxisMask(layout=layout),
        JointFrameMask((0.2, 0.6), (0.25, 0.5)),
    ]
    gated = Compose([RandomApply(step) for step in steps])
    nothing = Scale((1.0, 1.0), layout=layout)
    choice = OneOf([gated, TransferBones(layout), nothing], weights=[0.5, 0.2, 0.3])
    return Compose([SegmentSample(frames, (0.5, 1.0)), choice])


def stgcnpp_view(
    *, frames: int = 100, strong: bool = False, layout: SkeletonLayout | None = None
) -> Compose:
    """Return the training view of ST-GCN++ in pyskl: uniformly sampled frames.

    Clips are normalised by `pyskl_normalise_3d`. Streams are computed before the frames are
    sampled there. That is the same for joints and bones. For motion, compute it on the whole clip
    and sample afterwards.

    Args:
        frames: Frames of the view.
        strong: Whether to scale each axis and rotate before, the authors' ``strong_aug``.
        layout: See `ctrgcn_view`.

    References:
        Duan et al., PYSKL: Towards Good Practices for Skeleton Action Recognition, ACM MM 2022.

    Example:
        >>> import torch
        >>> stgcnpp_view(strong=True)(torch.randn(8, 3, 90, 25, 2)).shape
        torch.Size([8, 3, 100, 25, 2])
    """
    moved = [ScaleAxes(0.1, layout=layout), Rotate(radians=0.3, layout=layout)] if strong else []
    return Compose([*moved, UniformSample(frames)])


def dgstgcn_view(*, frames: int = 100, layout: SkeletonLayout | None = None) -> Compose:
    """Return the training view of DG-STGCN: a small rotation, then uniformly sampled frames.

    Clips are normalised by ``pyskl_normalise_3d(spine=False)``. In an image the angle is drawn from
    U(-0.2, 0.2). The original draws it from U(-0.2, 1).

    Args:
        frames: Frames of the view.
        layout: See `ctrgcn_view`.

    References:
        Duan et al., DG-STGCN: Dynamic Spatial-Temporal Modeling for Skeleton-based Action
        Recognition, arXiv 2210.05895.

    Example:
        >>> import torch
        >>> dgstgcn_view()(torch.randn(8, 3, 90, 25, 2)).shape
        torch.Size([8, 3, 100, 25, 2])
    """
    return Compose([Rotate(radians=0.2, layout=layout), UniformSample(frames)])


def poseconv3d_view(layout: SkeletonLayout = COCO17, *, frames: int = 48) -> Compose:
    """Return the training view of PoseConv3D up to its heat maps: points in an image of 56 x 56.

    Uniformly sampled frames, a square box about the body, resized to 64 pixels, a random box of it
    resized to 56 x 56, and a mirror image for half of the clips. Heat maps of deviation 0.6 are
    drawn of these points.

    Unlike the original, absent joints stay zero in the random box, where it makes them negative.

    Args:
        layout: The layout of the clips, of points of an image.
        frames: Frames of the view.

    References:
        Duan et al., Revisiting Skeleton-based Action Recognition, CVPR 2022.

    Example:
        >>> import torch
        >>> pixels = 500 + 80 * torch.randn(4, 2, 60, 17, 1)
        >>> poseconv3d_view()(pixels).shape
        torch.Size([4, 2, 48, 17, 1])
    """
    return Compose(
        [
            UniformSample(frames),
            BoxScale((1.25, 1.25), layout=layout),
            _ToPixels(64, layout),
            BoxCrop((64, 64), size=(56, 56), layout=layout),
            RandomApply(Mirror(layout, width=56)),
        ]
    )


def stgcn_kinetics_view(layout: SkeletonLayout = OPENPOSE18, *, frames: int = 150) -> Compose:
    """Return the training view of ST-GCN for Kinetics-skeleton: a window, then a random move.

    2s-AGCN takes the same. For NTU RGB+D neither augments. Unlike the original, the move leaves
    missing persons, missing joints and padding at zero.

    Args:
        layout: The layout of the clips, of points of an image.
        frames: Frames of the window. Shorter clips lie anywhere in it, between zeros.

    References:
        Yan et al., Spatial Temporal Graph Convolutional Networks for Skeleton-Based Action
        Recognition, AAAI 2018.

    Example:
        >>> import torch
        >>> stgcn_kinetics_view()(torch.randn(8, 2, 90, 18, 2)).shape
        torch.Size([8, 2, 150, 18, 2])
    """
    return Compose([RandomWindow(frames, pad=True), RandomMove(layout=layout)])


def sgn_view(
    radians: float = 0.3, *, frames: int = 20, layout: SkeletonLayout | None = None
) -> Compose:
    """Return the training view of SGN: one frame of each of 20 equal segments, a small rotation.

    The authors lay two persons one after the other in time before it, and average five draws in
    tests.

    Args:
        radians: Largest angle: 0.3 for NTU RGB+D 60 across subjects and NTU RGB+D 120, 0.5 for NTU
            RGB+D 60 across views.
        frames: Frames of the view. Shorter clips are padded with zeros.
        layout: See `ctrgcn_view`.

    References:
        Zhang et al., Semantics-Guided Neural Networks for Efficient Skeleton-Based Human Action
        Recognition, CVPR 2020.

    Example:
        >>> import torch
        >>> sgn_view()(torch.randn(8, 3, 90, 25, 1)).shape
        torch.Size([8, 3, 20, 25, 1])
    """
    return Compose([EqualSegments(frames), Rotate(radians=radians, layout=layout)])


class _ToPixels(Deterministic):
    """Bring points of [-1, 1] into a square image."""

    def __init__(self, side: int, layout: SkeletonLayout) -> None:
        super().__init__()
        self.side, self.layout = side, layout

    def transform(self, x: Tensor, params: None = None) -> Tensor:
        return map_positions(lambda p: (p + 1) * (self.side / 2) * presence(p), x, self.layout)
