"""Normalisations of published preparations, and how a store names them."""

from __future__ import annotations

import inspect
from ast import literal_eval
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from skelter import _checks
from skelter.layouts import COCO17, KINECT20, NTU25, SkeletonLayout
from skelter.transforms.combining._compose import Compose
from skelter.transforms.kinds._base import Transform
from skelter.transforms.normalisation._align import AlignShoulders, AlignSpine
from skelter.transforms.normalisation._box import MinMax
from skelter.transforms.normalisation._denoise import (
    DropShortPersons,
    DropWidePersons,
    SortByMotion,
)
from skelter.transforms.normalisation._empty import DropEmptyFrames
from skelter.transforms.normalisation._image import CompactPose, DropUnsure, UnitImage
from skelter.transforms.normalisation._mean import MeanRelative
from skelter.transforms.normalisation._origin import (
    CentreEachPerson,
    CentreOnStart,
    CentreWithTrajectory,
)
from skelter.transforms.normalisation._persons import DuplicatePerson, JoinPersons, SortPersons
from skelter.transforms.normalisation._resize import ResizeFrames, ResizeMotion
from skelter.transforms.normalisation._turn import TurnShoulders
from skelter.transforms.presets._isc import isc_normalise, size_and_place


def crosclr_normalise(
    layout: SkeletonLayout = NTU25, *, frames: int = 50, joint: int | str | None = None
) -> Compose:
    """Return CrosSCLR's: a joint of each person as origin, 50 frames, shoulders along x.

    Frames without anybody are left out, each person is centred on a joint in each frame, the
    frames are resampled, and each person is turned about the vertical in each frame. AimCLR, HiCLR,
    ActCLR, PSTL, HYSP and CoDT train on it, and SkeleMixCLR with 64 frames.

    Args:
        layout: The layout of the clips; it must name its ``shoulders``.
        frames: Frames of every clip.
        joint: The joint, the layout's first root if None: for NTU25 the spine between the
            shoulders.

    Raises:
        ValueError: The layout names no shoulders, as those of points in an image.

    References:
        Li et al., 3D Human Action Representation Learning via Cross-View Consistency Pursuit,
        CVPR 2021. The released preparation turns some frames to twice their angle (see
        `TurnShoulders`), and loses frames at the end for each that is missing between others. Here
        both are right.

    Example:
        >>> import torch
        >>> crosclr_normalise()(torch.randn(8, 3, 90, 25, 2)).shape
        torch.Size([8, 3, 50, 25, 2])
    """
    joint = layout.roots[0] if joint is None else joint
    return Compose(
        [
            DropEmptyFrames(),
            CentreEachPerson(layout, joint),
            ResizeFrames(frames),
            TurnShoulders(layout),
        ]
    )


def crosclr_motion(layout: SkeletonLayout | None = None, *, frames: int = 50) -> Compose:
    """Return CrosSCLR's motion stream: differences of recorded frames, resampled to 50.

    They are neither centred nor turned.

    Args:
        layout: The layout of the clips. None takes all of 2 or 3 channels for positions.
        frames: Frames of every clip.

    References:
        Li et al., CVPR 2021 (CrosSCLR): the released preparation.

    Example:
        >>> import torch
        >>> crosclr_motion()(torch.randn(8, 3, 90, 25, 2)).shape
        torch.Size([8, 3, 50, 25, 2])
    """
    return Compose([DropEmptyFrames(), ResizeMotion(frames, layout=layout)])


def gltransformer_normalise(
    layout: SkeletonLayout = NTU25, *, joint: int | str | None = None
) -> Compose:
    """Return GL-Transformer's: as CrosSCLR's at full length, the centre joint holds its way.

    Args:
        layout: The layout of the clips; it must name its ``shoulders``.
        joint: The centre joint, the layout's first root if None: for NTU25 the spine between the
            shoulders.

    Raises:
        ValueError: The layout names no shoulders, as those of points in an image.

    References:
        Kim et al., Global-local Motion Transformer for Unsupervised Skeleton-based Action
        Learning, ECCV 2022. The released preparation pads with 99.9; here padding stays zero.

    Example:
        >>> import torch
        >>> gltransformer_normalise()(torch.randn(8, 3, 90, 25, 2)).shape
        torch.Size([8, 3, 90, 25, 2])
    """
    joint = layout.roots[0] if joint is None else joint
    return Compose([DropEmptyFrames(), CentreWithTrajectory(layout, joint), TurnShoulders(layout)])


def ctrgcn_normalise(layout: SkeletonLayout = NTU25, *, single: str = "zeros") -> Compose:
    """Return CTR-GCN's, which is SGN's: bodies denoised and joined, one translation a clip.

    Tracks that are short or wide for their height are dropped, those that move most come first,
    tracks that do not overlap in time are joined into two actors, frames without anybody are left
    out, and the centre joint of the first actor's first frame becomes the origin. MAMP and
    Hyperformer train on it.

    Args:
        layout: The layout of the clips.
        single: What the second actor is where there is one: ``"zeros"``, as for NTU RGB+D 60, or
            ``"duplicate"`` of the first, as for NTU RGB+D 120.

    Raises:
        ValueError: `single` is neither.

    References:
        Zhang et al., Semantics-Guided Neural Networks, CVPR 2020; Chen et al., Channel-wise
        Topology Refinement Graph Convolution, ICCV 2021: their preparation of NTU RGB+D.

    Example:
        >>> import torch
        >>> ctrgcn_normalise()(torch.randn(8, 3, 90, 25, 2)).shape
        torch.Size([8, 3, 90, 25, 2])
    """
    _checks.choice("single", single, ("zeros", "duplicate"))
    steps: list[Transform[Any]] = [
        DropShortPersons(),
        DropWidePersons(layout),
        SortByMotion(layout),
        JoinPersons(),
        DropEmptyFrames(),
        CentreOnStart(layout),
    ]
    return Compose([*steps, DuplicatePerson()] if single == "duplicate" else steps)


def ucla_normalise(layout: SkeletonLayout = KINECT20) -> Transform[None]:
    """Return that of NW-UCLA: each axis of a clip to [-1, 1].

    A random scale before it has no effect, as the range of each axis is divided out, and neither
    has a translation. A view rotation belongs before it.

    Args:
        layout: The layout of the clips.

    References:
        Chen et al., ICCV 2021 (CTR-GCN): the released loader of NW-UCLA. It first moves the centre
        joint of the first frame to the origin, which the range removes. Here that is left out: a
        joint at the origin counts as missing. An axis without range, which divides by zero there,
        becomes zero.

    Example:
        >>> import torch
        >>> float(ucla_normalise()(torch.randn(8, 3, 90, 20, 1)).abs().max())
        1.0
    """
    return MinMax(layout=layout)


def pyskl_normalise_3d(layout: SkeletonLayout = NTU25, *, spine: bool = True) -> Compose:
    """Return pyskl's for poses in space: origin and rotations of the first frame.

    The person with most frames comes first, frames without that person are left out, and the
    centre joint of the first frame becomes the origin of all. Then the spine is turned to z, and
    the shoulders to x.

    Args:
        layout: The layout of the clips.
        spine: Turn the body. Without, as for DG-STGCN, it is only moved.

    Raises:
        ValueError: The layout names no spine or no shoulders, as those of points in an image.

    References:
        Duan et al., PYSKL: Towards Good Practices for Skeleton Action Recognition, ACM MM 2022:
        PreNormalize3D.

    Example:
        >>> import torch
        >>> pyskl_normalise_3d()(torch.randn(8, 3, 90, 25, 2)).shape
        torch.Size([8, 3, 90, 25, 2])
    """
    steps: list[Transform[Any]] = [SortPersons(), DropEmptyFrames(0), CentreOnStart(layout)]
    if spine:
        steps += [AlignSpine(layout), AlignShoulders(layout)]
    return Compose(steps)


def pyskl_normalise_2d(
    layout: SkeletonLayout = COCO17, *, width: int | None = None, height: int | None = None
) -> Compose:
    """Return pyskl's for poses of an image: pixels to [-1, 1].

    With the size of the image, its corners become the ends of the interval. Without, those of the
    box about everybody in the clip do, each axis for itself. Joints whose score is up to 0.01 are
    dropped first.

    Args:
        layout: The layout of the clips, of points of an image.
        width: Width of the image in pixels.
        height: Its height in pixels.

    Raises:
        ValueError: One size is given without the other.

    References:
        Duan et al., PYSKL, ACM MM 2022: PreNormalize2D. A box of up to 10 pixels along an axis
        stays in pixels there; here it is divided by 10.

    Example:
        >>> import torch
        >>> pixels = 500 + 80 * torch.randn(8, 2, 60, 17, 1)
        >>> float(pyskl_normalise_2d()(pixels).abs().max())
        1.0
    """
    if width is None and height is None:
        return Compose([DropUnsure(layout=layout), MinMax(10.0, layout=layout)])
    _checks.require(
        width is not None and height is not None,
        "`width` and `height`",
        "be given together",
        f"width={width}, height={height}",
        "Leave both out to take the box about everybody.",
    )
    size = UnitImage(width or 0, height or 0, layout=layout)
    return Compose([DropUnsure(layout=layout), size])


def compact_pose(layout: SkeletonLayout = COCO17, *, margin: float = 0.25) -> Transform[None]:
    """Return pyskl's PoseCompact: pixels of the square about everybody in the clip.

    Args:
        layout: The layout of the clips, of points of an image.
        margin: How much the box grows, as a share of its size.

    References:
        Duan et al., Revisiting Skeleton-based Action Recognition, CVPR 2022.

    Example:
        >>> compact_pose()
        CompactPose(margin=0.25, layout=COCO17)
    """
    return CompactPose(margin, layout=layout)


def mean_relative(layout: SkeletonLayout) -> Transform[None]:
    """Return the movement alone: each joint minus its mean over time.

    Args:
        layout: The layout of the clips.

    Example:
        >>> mean_relative(NTU25)
        MeanRelative(layout=NTU25)
    """
    return MeanRelative(layout=layout)


NORMALISATIONS: Mapping[str, Callable[..., Transform[Any]]] = MappingProxyType(
    {
        "isc_normalise": isc_normalise,
        "size and place": size_and_place,
        "crosclr_normalise": crosclr_normalise,
        "gltransformer_normalise": gltransformer_normalise,
        "ctrgcn_normalise": ctrgcn_normalise,
        "ucla_normalise": ucla_normalise,
        "pyskl_normalise_3d": pyskl_normalise_3d,
        "pyskl_normalise_2d": pyskl_normalise_2d,
        "compact_pose": compact_pose,
        "mean_relative": mean_relative,
    }
)
"""The normalisations that a store can name, each from a layout to a transform."""

THEN = ", then "  # between the names of steps, as `SkeletonStore.map` writes it


def find_normalisation(name: str, layout: SkeletonLayout) -> Transform[Any]:
    """Return the normalisation that a store names.

    Args:
        name: A name of `NORMALISATIONS`, its settings behind commas, such as
            ``"crosclr_normalise, frames=64"``, or several of them, ``"ctrgcn_normalise, then
            mean_relative"``.
        layout: The layout of the clips.

    Raises:
        ValueError: There is no such normalisation, it has no such setting, or it does not fit the
            layout.

    Example:
        >>> find_normalisation("crosclr_normalise, frames=64", NTU25).output_frames
        64
    """
    steps = [_build(step, layout) for step in name.split(THEN)]
    return steps[0] if len(steps) == 1 else Compose(steps)


def _build(step: str, layout: SkeletonLayout) -> Transform[Any]:
    name, *settings = (part.strip() for part in step.split(","))
    _checks.require(
        name in NORMALISATIONS,
        "its name",
        f"be one that this library knows, {', '.join(map(repr, NORMALISATIONS))}",
        repr(name),
    )
    build = NORMALISATIONS[name]
    options = {
        option: str(parameter.annotation)
        for option, parameter in inspect.signature(build).parameters.items()
        if option != "layout"
    }
    given = dict(_read_setting(name, setting, options) for setting in settings)
    return build(layout, **given)


def _read_setting(owner: str, text: str, options: Mapping[str, str]) -> tuple[str, Any]:
    """Return a setting and its value, a word only where the type of the option has one."""
    option, _, value = (part.strip() for part in text.partition("="))
    _checks.require(
        option in options and value != "",
        f"a setting of {owner}",
        f"be {' or '.join(f'{name}=VALUE' for name in options)}" if options else "be left out",
        repr(text),
    )
    try:
        return option, literal_eval(value)
    except (ValueError, SyntaxError):
        is_word = "str" in options[option]
        expected = f"be of the type {options[option]}"
        _checks.require(is_word, f"`{option}` of {owner}", expected, repr(value))
        return option, value
