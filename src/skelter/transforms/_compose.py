"""Transforms made of transforms: one after another, and several views."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeAlias, cast

from torch import Generator, Tensor, nn

from skelter import _checks
from skelter._ragged import RaggedClips
from skelter.transforms import functional
from skelter.transforms._base import Deterministic, Transform, at_the_door
from skelter.transforms._members import (
    as_drawn_from,
    as_read_by,
    counted,
    is_joint_map,
    keeps_axes,
    output_frames_of,
    shape_alone,
)


@dataclass(frozen=True, eq=False)
class ComposeParams:
    """The parameters of each member of a `Compose` or `MultiView`, in order."""

    params: tuple[Any, ...]


Step: TypeAlias = tuple[Any, Any]
"""A member and its parameters."""


class Compose(Transform[ComposeParams]):
    """Apply transforms one after another.

    After a member that resamples time every frame is valid, so `num_frames` goes no further.
    Adjacent members that map joint positions by matrices are applied as one, in a single pass
    over the clips.

    Args:
        transforms: At least one; modules with ``sample`` and ``transform``.

    Raises:
        TypeError: A member has no ``sample`` and ``transform``: wrap a plain function in `Lambda`.
        ValueError: There is none.

    Example:
        >>> import torch
        >>> from skelter.transforms import Shear, TemporalCropResize
        >>> view = Compose([TemporalCropResize(32), Shear(0.5)])
        >>> view(torch.randn(4, 3, 90, 25, 2)).shape
        torch.Size([4, 3, 32, 25, 2])
    """

    def __init__(self, transforms: Sequence[Transform[Any]]) -> None:
        super().__init__()
        self.transforms = Members(transforms)

    @property
    def reads_ragged(self) -> bool:
        """True: members that do not read ragged clips are given padded ones."""
        return True

    @property
    def output_frames(self) -> int | None:
        """Frames after the last member that resamples time."""
        frames = [output_frames_of(member) for member in self.transforms]
        return next((count for count in reversed(frames) if count is not None), None)

    def sample(
        self, x: Tensor, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> ComposeParams:
        """Draw for each member what it would draw for the clips that reach it."""
        *_, drawn = self._walk(x, num_frames, generator)
        return ComposeParams(tuple(drawn))

    @property
    def maps_joints(self) -> bool:
        """Whether all members do."""
        return all(is_joint_map(member) for member in self.transforms)

    @property
    def keeps_axes(self) -> bool:
        """Whether all members do."""
        return all(keeps_axes(member) for member in self.transforms)

    def joint_maps(self, x: Tensor, params: ComposeParams) -> Tensor:
        """Return the product of the members' matrices."""
        return _product(x, list(zip(self.transforms, params.params, strict=True)))

    def transform(self, x: Tensor, params: ComposeParams) -> Tensor:
        """Apply each member with its own parameters."""
        return cast(Tensor, _apply(x, list(zip(self.transforms, params.params, strict=True))))

    def forward(
        self,
        x: Tensor | RaggedClips,
        *,
        num_frames: Tensor | None = None,
        generator: Generator | None = None,
        params: ComposeParams | None = None,
    ) -> Tensor:
        """Draw and apply member by member, in one pass."""
        clips, num_frames = at_the_door(x, num_frames, ragged=True)
        if params is not None:
            return self.transform(clips, params)
        clips, waiting, _ = self._walk(clips, num_frames, generator)
        return cast(Tensor, _apply(clips, waiting))

    def _walk(
        self, x: Any, num_frames: Tensor | None, generator: Generator | None
    ) -> tuple[Any, list[Step], list[Any]]:
        """Draw for each member what it would draw for the clips that reach it.

        Returns the clips, the steps that still wait to be applied to them, and all parameters.
        """
        waiting: list[Step] = []
        drawn = []
        num_frames = counted(x, num_frames)
        for member in self.transforms:
            before = [earlier for earlier, _ in waiting]
            if is_joint_map(member) and all(keeps_axes(earlier) for earlier in before):
                seen = shape_alone(x, before)
            else:
                x, waiting = _apply(x, waiting), []
                seen = x = as_read_by(member, x)
            drawn.append(member.sample(seen, num_frames=num_frames, generator=generator))
            waiting.append((member, drawn[-1]))
            if output_frames_of(member) is not None:
                num_frames = None
        return x, waiting, drawn


def _apply(x: Any, steps: list[Step]) -> Any:
    """Apply steps, adjacent joint maps as one."""
    for mapping, group in groupby(steps, key=lambda step: is_joint_map(step[0])):
        run = list(group)
        if mapping and len(run) > 1:
            x = as_read_by(run[0][0], x)
            x = functional.map_joints(x, _product(x, run))
        else:
            for member, params in run:
                x = member.transform(as_read_by(member, x), params)
    return x


def _product(x: Tensor, steps: list[Step]) -> Tensor:
    """Return the matrices of joint maps that are applied in this order."""
    first, *others = (member.joint_maps(x, params) for member, params in steps)
    product: Tensor = first
    for maps in others:
        product = maps @ product
    return product


class Lambda(Deterministic):
    """Use a plain function of the clips as a transform.

    Args:
        function: From clips (..., C, T, V, M) to clips of the same frames, not in place.

    Example:
        >>> import torch
        >>> Lambda(lambda x: x / 1000)(torch.ones(3, 2, 4, 1)).max()
        tensor(0.0010)
    """

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def transform(self, x: Tensor, params: None = None) -> Tensor:
        """Call the function."""
        return self.function(_checks.padded(x))


class MultiView(nn.Module):
    """Make several views of the same clips, drawn independently.

    Args:
        transforms: One transform a view; the same object may stand more than once.

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

    def __init__(self, transforms: Sequence[Transform[Any]]) -> None:
        super().__init__()
        self.transforms = Members(transforms)

    @property
    def reads_ragged(self) -> bool:
        """True: views that do not read ragged clips are given padded ones."""
        return True

    def sample(
        self, x: Tensor, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> ComposeParams:
        """Draw the parameters of every view."""
        num_frames = counted(x, num_frames)
        return ComposeParams(
            tuple(
                member.sample(as_drawn_from(member, x), num_frames=num_frames, generator=generator)
                for member in self.transforms
            )
        )

    def transform(self, x: Tensor, params: ComposeParams) -> tuple[Tensor, ...]:
        """Apply the parameters of every view."""
        return tuple(
            member.transform(as_read_by(member, x), its_params)
            for member, its_params in zip(self.transforms, params.params, strict=True)
        )

    def forward(
        self,
        x: Tensor | RaggedClips,
        *,
        num_frames: Tensor | None = None,
        generator: Generator | None = None,
        params: ComposeParams | None = None,
    ) -> tuple[Tensor, ...]:
        """Return one tensor of clips a view."""
        clips, num_frames = at_the_door(x, num_frames, ragged=True)
        if params is not None:
            return self.transform(clips, params)
        views = []
        for member in self.transforms:
            seen = as_read_by(member, clips)
            # `Compose` draws and applies in one pass; of others no `forward` is demanded.
            if isinstance(member, Transform):
                views.append(member(seen, num_frames=num_frames, generator=generator))
            else:
                its_params = member.sample(seen, num_frames=num_frames, generator=generator)
                views.append(member.transform(seen, its_params))
        return tuple(views)


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
