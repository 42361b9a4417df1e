"""Transforms made of transforms: one after another, and several views."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any, cast

import torch
from torch import Generator, Tensor, nn

from skelter import _checks
from skelter._precision import outside_autocast
from skelter._ragged import RaggedClips
from skelter.layouts import SkeletonLayout
from skelter.transforms.kinds._base import FrameReader, JointMatrices, Transform, Valueless, enter
from skelter.transforms.kinds._frame_map import as_read_for, join_rows, read_rows
from skelter.transforms.kinds._joint_map import map_joints
from skelter.transforms.kinds._mixer import Mixer
from skelter.transforms.kinds._numbers import as_tensor
from skelter.typing import ClipShape


@dataclass(frozen=True, eq=False)
class ComposeParams:
    """The parameters of each member of a `Compose` or `MultiView`, in order."""

    params: tuple[Any, ...]


class Compose(Transform[ComposeParams]):
    """Apply transforms one after another.

    All members draw first, each for the shape of the clips that reach it, and for the valid frames
    that the member before leaves. Then they are applied.
    Adjacent joint maps are applied as one, in a single pass over the clips, and so are adjacent
    frame maps where that is exact.

    Args:
        transforms: At least one. They are modules with ``sample`` and ``transform``.

    Raises:
        TypeError: A member has no ``sample`` and ``transform``: wrap a plain function in `Lambda`.
        ValueError: There is none, or members have layouts of different joints.

    Example:
        >>> import torch
        >>> from skelter.transforms import Shear, TemporalCropResize
        >>> view = Compose([TemporalCropResize(32), Shear(0.5)])
        >>> view(torch.randn(4, 3, 90, 25, 2)).shape
        torch.Size([4, 3, 32, 25, 2])
    """

    def __init__(self, transforms: Sequence[Any]) -> None:
        super().__init__()
        self.transforms = Members(transforms)
        self._members = self.transforms.as_transforms()
        _refuse_mixed_layouts(self._members)
        self._stages = _stages_of(self._members)
        joint_maps = [member.as_joint_map() for member in self._members]
        self._joint_run = _JointRun([m for m in joint_maps if m]) if all(joint_maps) else None

    @property
    def output_frames(self) -> int | None:
        """Frames after the last member, where one resamples to a fixed number."""
        frames: int | None = None
        for member in self._members:
            if member.output_frames is not None:
                frames = member.output_frames
            elif frames is not None:
                frames = shape_after(member, frames)[-3]
        return frames

    def output_shape(self, shape: torch.Size) -> torch.Size:
        """Return the shape that clips have after the last member."""
        for member in self._members:
            shape = member.output_shape(shape)
        return shape

    def output_num_frames(
        self, x: ClipShape, params: ComposeParams, *, num_frames: Tensor | None = None
    ) -> Tensor | None:
        """Return the valid frames after the last member."""
        seen = Valueless(x)
        for member, own in zip(self._members, params.params, strict=True):
            num_frames = member.output_num_frames(seen, own, num_frames=num_frames)
            seen = Valueless(seen, member.output_shape(seen.shape))
        return num_frames

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> ComposeParams:
        """Draw for each member what it draws for the shape that reaches it."""
        num_frames = counts_of(x, num_frames)
        drawn, seen = [], Valueless(x)
        for member in self._members:
            drawn.append(member.sample(seen, num_frames=num_frames, generator=generator))
            num_frames = member.output_num_frames(seen, drawn[-1], num_frames=num_frames)
            shape = member.output_shape(seen.shape)
            if shape is not seen.shape:
                seen = Valueless(seen, shape)
        return ComposeParams(tuple(drawn))

    def transform(self, x: Tensor | RaggedClips, params: ComposeParams) -> Tensor:
        """Apply each member with its own parameters, to padded or to ragged clips."""
        start = 0
        for stage in self._stages:
            end = start + stage.length
            x = stage.apply(x, params.params[start:end])
            start = end
        return cast(Tensor, x)

    apply_to = transform

    def as_joint_map(self) -> JointMatrices | None:
        """Return the product of the members' matrices, if all of them are joint maps."""
        return self._matrices if self._joint_run else None

    def _matrices(self, x: ClipShape, params: ComposeParams) -> Tensor:
        return cast(_JointRun, self._joint_run).product(x, params.params)


class MultiView(nn.Module):
    """Make several views of the same clips, drawn independently.

    Args:
        transforms: One transform a view. The same object may stand more than once.

    Raises:
        TypeError: A member has no ``sample`` and ``transform``.

    Example:
        >>> import torch
        >>> from skelter.transforms import presets
        >>> views = MultiView([presets.isc_view(), presets.isc_view()])
        >>> view1, view2 = views(torch.randn(4, 3, 90, 25, 2))
        >>> view1.shape
        torch.Size([4, 3, 64, 25, 2])
    """

    reads_ragged = True
    """A call takes the ragged clips of a store."""

    def __init__(self, transforms: Sequence[Any]) -> None:
        super().__init__()
        self.transforms = Members(transforms)
        self._members = self.transforms.as_transforms()

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> ComposeParams:
        """Draw the parameters of every view."""
        num_frames, shape = counts_of(x, num_frames), Valueless(x)
        return ComposeParams(
            tuple(
                member.sample(shape, num_frames=num_frames, generator=generator)
                for member in self._members
            )
        )

    def transform(self, x: Tensor | RaggedClips, params: ComposeParams) -> tuple[Tensor, ...]:
        """Apply the parameters of every view."""
        pairs = zip(self._members, params.params, strict=True)
        return tuple(member.apply_to(x, its_params) for member, its_params in pairs)

    def forward(
        self,
        x: Tensor | RaggedClips,
        *,
        num_frames: Tensor | None = None,
        generator: Generator | None = None,
        params: ComposeParams | None = None,
    ) -> tuple[Tensor, ...]:
        """Return one tensor of clips a view."""
        clips, num_frames = enter(x, num_frames, generator)
        return _make_views(clips, self, num_frames, generator, params)


@outside_autocast
def _make_views(
    x: Tensor | RaggedClips,
    views: MultiView,
    num_frames: Tensor | None,
    generator: Generator | None,
    params: ComposeParams | None,
) -> tuple[Tensor, ...]:
    if params is None:
        params = views.sample(x, num_frames=num_frames, generator=generator)
    return views.transform(x, params)


class Members(nn.ModuleList):
    """The transforms of a combination, checked when it is built."""

    def __init__(self, transforms: Sequence[Any]) -> None:
        for member in transforms:
            _checks.require(
                not isinstance(member, MultiView),
                "`transforms`",
                "give one tensor of clips",
                "a MultiView, which gives several",
                "Put it outermost: MultiView([Compose([...]), Compose([...])])",
                error=TypeError,
            )
            _checks.require(
                not isinstance(member, Mixer),
                "`transforms`",
                "give one tensor of clips",
                f"{type(member).__name__}, which gives mixed clips with their partners",
                "Put it outermost: mixed = mixer(Compose([...])(x))",
                error=TypeError,
            )
            is_module = isinstance(member, nn.Module)
            _checks.require(
                is_module and hasattr(member, "sample") and hasattr(member, "transform"),
                "`transforms`",
                "be modules with `sample` and `transform`, as skelter's are",
                type(member).__name__,
                "Wrap a plain function: transforms.Lambda(function)",
                error=TypeError,
            )
        _checks.require(len(transforms) > 0, "`transforms`", "hold at least one transform", "none")
        super().__init__(transforms)

    def __iter__(self) -> Iterator[Transform[Any]]:
        return cast("Iterator[Transform[Any]]", super().__iter__())

    def as_transforms(self) -> list[Transform[Any]]:
        """Return the members, modules of another make as transforms too."""
        return [member if isinstance(member, Transform) else _Foreign(member) for member in self]


class _Foreign(Transform[Any]):
    """A module with ``sample`` and ``transform`` that is not a `Transform`."""

    def __init__(self, module: Any) -> None:
        super().__init__()
        self.module = module

    @property
    def output_frames(self) -> int | None:
        return getattr(self.module, "output_frames", None)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> Any:
        return self.module.sample(x, num_frames=num_frames, generator=generator)

    def transform(self, x: Tensor, params: Any) -> Tensor:
        return cast(Tensor, self.module.transform(x, params))


class _Plain:
    """A member that is applied by itself."""

    length = 1

    def __init__(self, member: Transform[Any]) -> None:
        self.member = member

    def apply(self, x: Tensor | RaggedClips, params: Sequence[Any]) -> Tensor:
        return self.member.apply_to(x, params[0])


class _JointRun:
    """Adjacent joint maps, applied as one."""

    def __init__(self, maps: Sequence[JointMatrices]) -> None:
        self.maps, self.length = maps, len(maps)

    def apply(self, x: Tensor | RaggedClips, params: Sequence[Any]) -> Tensor:
        clips = _checks.padded(x)
        return map_joints(clips, self.product(clips, params))

    @outside_autocast
    def product(self, x: ClipShape, params: Sequence[Any]) -> Tensor:
        first, *others = (maps(x, own) for maps, own in zip(self.maps, params, strict=True))
        if others:
            wide = torch.promote_types(x.dtype, torch.float32)
            first = as_tensor(first, wide)
            for following in others:
                first = as_tensor(following, wide) @ first
        return first


class _FrameRun:
    """Adjacent frame maps, read at once where that is exact."""

    def __init__(self, maps: Sequence[FrameReader], members: Sequence[Transform[Any]]) -> None:
        self.maps, self.members, self.length = maps, members, len(maps)

    def apply(self, x: Tensor | RaggedClips, params: Sequence[Any]) -> Tensor:
        rows, frames = self.maps[0](x, params[0]), self.members[0].output_frames
        shape: ClipShape = x
        for number in range(1, self.length):
            shape = Valueless(x, self.members[number - 1].output_shape(shape.shape))
            following = self.maps[number](shape, params[number])
            joined = join_rows(rows, following)
            if joined is None:
                x, joined = read_rows(as_read_for(frames, x, rows), rows), following
            rows, frames = joined, self.members[number].output_frames or frames
        return read_rows(as_read_for(frames, x, rows), rows)


def _stages_of(members: Sequence[Transform[Any]]) -> list[_Plain | _JointRun | _FrameRun]:
    """Part members into runs that are applied as one."""
    stages: list[_Plain | _JointRun | _FrameRun] = []
    kinds = [(member, member.as_joint_map(), member.as_frame_map()) for member in members]
    for kind, group in groupby(kinds, lambda entry: (entry[1] is not None, entry[2] is not None)):
        run = list(group)
        if kind == (True, False) and len(run) > 1:
            stages.append(_JointRun([maps for _, maps, _ in run if maps]))
        elif kind == (False, True):
            stages.append(_FrameRun([maps for _, _, maps in run if maps], [m for m, *_ in run]))
        else:
            stages += [_Plain(member) for member, *_ in run]
    return stages


def _refuse_mixed_layouts(members: Sequence[Transform[Any]]) -> None:
    """Check that layouts have the same joints, unless a member between them changes the joints."""
    named: list[tuple[int, SkeletonLayout]] = []
    for place, member in enumerate(members):
        layouts = (getattr(module, "layout", None) for module in member.modules())
        named += [(place, layout) for layout in layouts if isinstance(layout, SkeletonLayout)]
    for (start, before), (end, after) in pairwise(named):
        same, between = before.num_joints == after.num_joints, members[start : end + 1]
        _checks.require(
            same or any(_changes_joints(member, before.num_joints) for member in between),
            "`transforms` of Compose",
            "have layouts of the same joints",
            f"{before.name} with {before.num_joints} joints and {after.name} with "
            f"{after.num_joints}",
            "Give all of them the layout of your clips.",
        )


def _changes_joints(member: Transform[Any], joints: int) -> bool:
    return member.output_shape(torch.Size((1, 3, 60, joints, 1)))[-2] != joints


def shape_after(member: Transform[Any], frames: int) -> torch.Size:
    """Return the shape that clips (1, 3, T, 25, 1) of some frames have afterwards."""
    return member.output_shape(torch.Size((1, 3, frames, 25, 1)))


def counts_of(x: ClipShape, num_frames: Tensor | None) -> Tensor | None:
    """Return the valid frames that were given, or those that ragged clips bring."""
    return x.num_frames if num_frames is None and isinstance(x, RaggedClips) else num_frames
