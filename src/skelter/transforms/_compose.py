"""Transforms made of transforms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Generator, Tensor, nn

from skelter import _checks
from skelter.transforms._base import Deterministic, Transform, uniform


@dataclass(frozen=True, eq=False)
class ComposeParams:
    """The parameters of each member of a `Compose` or `MultiView`, in order."""

    params: tuple[Any, ...]


class Compose(Transform[ComposeParams]):
    """Apply transforms one after another.

    After a member that resamples time every frame is valid, so `num_frames` goes no further.

    Args:
        transforms: At least one; modules with ``sample`` and ``transform``.

    Raises:
        TypeError: A member has no ``sample`` and ``transform``: wrap a plain function in `Lambda`.
        ValueError: There is none.

    Example:
        >>> from skelter.transforms import Shear, TemporalCropResize
        >>> view = Compose([TemporalCropResize(32), Shear(0.5)])
        >>> view(torch.randn(4, 3, 90, 25, 2)).shape
        torch.Size([4, 3, 32, 25, 2])
    """

    def __init__(self, transforms: Sequence[Transform[Any]]) -> None:
        super().__init__()
        self.transforms = _Members(transforms)

    @property
    def output_frames(self) -> int | None:
        """Frames after the last member that resamples time."""
        frames = [_output_frames(member) for member in self.transforms]
        return next((count for count in reversed(frames) if count is not None), None)

    def sample(
        self, x: Tensor, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> ComposeParams:
        """Draw for each member what it would draw for the clips that reach it."""
        steps = list(self._steps(x, num_frames, generator))
        return ComposeParams(tuple(params for params, _ in steps))

    def transform(self, x: Tensor, params: ComposeParams) -> Tensor:
        """Apply each member with its own parameters."""
        for member, its_params in zip(self.transforms, params.params, strict=True):
            x = member.transform(x, its_params)
        return x

    def forward(
        self,
        x: Tensor,
        *,
        num_frames: Tensor | None = None,
        generator: Generator | None = None,
        params: ComposeParams | None = None,
    ) -> Tensor:
        """Draw and apply member by member, in one pass."""
        x = _checks.clips(x)
        if params is not None:
            return self.transform(x, params)
        for _, transformed in self._steps(x, num_frames, generator):
            x = transformed
        return x

    def _steps(
        self, x: Tensor, num_frames: Tensor | None, generator: Generator | None
    ) -> Iterator[tuple[Any, Tensor]]:
        for member in self.transforms:
            params = member.sample(x, num_frames=num_frames, generator=generator)
            x = member.transform(x, params)
            if _output_frames(member) is not None:
                num_frames = None
            yield params, x


@dataclass(frozen=True, eq=False)
class OneOfParams:
    """``choice`` (...) of the member for each clip, and the parameters of every member."""

    choice: Tensor
    params: tuple[Any, ...]


class OneOf(Transform[OneOfParams]):
    """Apply one of several transforms, chosen for each clip.

    Every member draws for every clip, so that the draws of one clip do not depend on the choices
    of another.

    Args:
        transforms: At least one; all or none of them resample time, to the same frames.
        weights: Chance of each member, from 0, need not sum to 1; equal ones if None.

    Raises:
        TypeError: A member has no ``sample`` and ``transform``.
        ValueError: Weights or output frames do not fit.

    Example:
        >>> from skelter.transforms import JointJitter, Shear
        >>> OneOf([Shear(), JointJitter()])(torch.randn(4, 3, 64, 25, 2)).shape
        torch.Size([4, 3, 64, 25, 2])
    """

    def __init__(
        self, transforms: Sequence[Transform[Any]], weights: Sequence[float] | None = None
    ) -> None:
        super().__init__()
        self.transforms = _Members(transforms)
        self.weights = [1.0] * len(transforms) if weights is None else [float(w) for w in weights]
        if len(self.weights) != len(transforms) or min(self.weights) < 0 or sum(self.weights) <= 0:
            raise ValueError(
                f"`weights` must be one number from 0 for each of the {len(transforms)} "
                f"transforms, not all 0; got {weights}."
            )
        frames = {_output_frames(member) for member in self.transforms}
        if len(frames) > 1:
            raise ValueError(
                "`transforms` of OneOf must give clips of the same number of frames; got members "
                f"with output_frames {[_output_frames(member) for member in self.transforms]}. "
                "Resample before or after the choice."
            )

    @property
    def output_frames(self) -> int | None:
        """Frames that every member resamples to."""
        return _output_frames(next(iter(self.transforms)))

    def sample(
        self, x: Tensor, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> OneOfParams:
        """Draw the choice of each clip, and the parameters of every member."""
        edges = torch.tensor(self.weights, device=x.device).cumsum(0)
        draw = uniform(x.shape[:-4], x, generator) * edges[-1]
        choice = torch.searchsorted(edges[:-1].contiguous(), draw, right=True)
        params = tuple(
            member.sample(x, num_frames=num_frames, generator=generator)
            for member in self.transforms
        )
        return OneOfParams(choice, params)

    def transform(self, x: Tensor, params: OneOfParams) -> Tensor:
        """Apply every member and keep the chosen one for each clip."""
        choice = params.choice[..., None, None, None, None]
        first, *others = (
            member.transform(x, its_params)
            for member, its_params in zip(self.transforms, params.params, strict=True)
        )
        out: Tensor = first
        for number, candidate in enumerate(others, start=1):
            out = torch.where(choice == number, candidate, out)
        return out

    def extra_repr(self) -> str:
        """Name the weights."""
        return f"weights={self.weights}"


@dataclass(frozen=True, eq=False)
class RandomApplyParams:
    """``applied`` (...) bool, and the parameters of the transform for every clip."""

    applied: Tensor
    params: Any


class RandomApply(Transform[RandomApplyParams]):
    """Apply a transform to some clips and leave the others as they are.

    Args:
        transform: A module with ``sample`` and ``transform`` that leaves time as it is.
        p: Chance of each clip, in [0, 1].

    Raises:
        TypeError: The transform has no ``sample`` and ``transform``.
        ValueError: `p` is out of range or the transform resamples time.

    Example:
        >>> from skelter.transforms import Shear
        >>> x = torch.randn(4, 3, 64, 25, 2)
        >>> bool((RandomApply(Shear(), p=0.0)(x) == x).all())
        True
    """

    def __init__(self, transform: Transform[Any], p: float = 0.5) -> None:
        super().__init__()
        _checks.between("p", p, 0.0, 1.0)
        (self.member,) = _Members([transform])
        if _output_frames(transform) is not None:
            raise ValueError(
                f"`transform` of RandomApply must leave time as it is; {type(transform).__name__} "
                f"resamples to {_output_frames(transform)}. Use OneOf with a CentreCropResize."
            )
        self.p = p

    def sample(
        self, x: Tensor, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> RandomApplyParams:
        """Draw whether, and how; as many draws whatever `p` is."""
        applied = uniform(x.shape[:-4], x, generator) < self.p
        params = self.member.sample(x, num_frames=num_frames, generator=generator)
        return RandomApplyParams(applied, params)

    def transform(self, x: Tensor, params: RandomApplyParams) -> Tensor:
        """Apply where drawn so."""
        changed = self.member.transform(x, params.params)
        return torch.where(params.applied[..., None, None, None, None], changed, x)

    def extra_repr(self) -> str:
        """Name the chance."""
        return f"p={self.p}"


class Lambda(Deterministic):
    """Use a plain function of the clips as a transform.

    Args:
        function: From clips (..., C, T, V, M) to clips of the same frames, not in place.

    Example:
        >>> Lambda(lambda x: x / 1000)(torch.ones(3, 2, 4, 1)).max()
        tensor(0.0010)
    """

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def transform(self, x: Tensor, params: None = None) -> Tensor:
        """Call the function."""
        return self.function(x)


class MultiView(nn.Module):
    """Make several views of the same clips, drawn independently.

    Args:
        transforms: One transform a view; the same object may stand more than once.

    Raises:
        TypeError: A member has no ``sample`` and ``transform``.

    Example:
        >>> from skelter.transforms import presets
        >>> views = MultiView([presets.isc_view(), presets.isc_view()])
        >>> view1, view2 = views(torch.randn(4, 3, 90, 25, 2))
        >>> view1.shape
        torch.Size([4, 3, 64, 25, 2])
    """

    def __init__(self, transforms: Sequence[Transform[Any]]) -> None:
        super().__init__()
        self.transforms = _Members(transforms)

    def sample(
        self, x: Tensor, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> ComposeParams:
        """Draw the parameters of every view."""
        return ComposeParams(
            tuple(
                member.sample(x, num_frames=num_frames, generator=generator)
                for member in self.transforms
            )
        )

    def transform(self, x: Tensor, params: ComposeParams) -> tuple[Tensor, ...]:
        """Apply the parameters of every view."""
        return tuple(
            member.transform(x, its_params)
            for member, its_params in zip(self.transforms, params.params, strict=True)
        )

    def forward(
        self,
        x: Tensor,
        *,
        num_frames: Tensor | None = None,
        generator: Generator | None = None,
        params: ComposeParams | None = None,
    ) -> tuple[Tensor, ...]:
        """Return one tensor of clips a view."""
        x = _checks.clips(x)
        if params is not None:
            return self.transform(x, params)
        return tuple(
            member(x, num_frames=num_frames, generator=generator) for member in self.transforms
        )


class _Members(nn.ModuleList):
    """The transforms of a combination, checked when it is built."""

    def __init__(self, transforms: Sequence[Any]) -> None:
        for member in transforms:
            if isinstance(member, MultiView):
                raise TypeError(
                    "`transforms` must give one tensor of clips; MultiView gives several. Put it "
                    "outermost: MultiView([Compose([...]), Compose([...])])"
                )
            is_module = isinstance(member, nn.Module)
            if not (is_module and hasattr(member, "sample") and hasattr(member, "transform")):
                raise TypeError(
                    "`transforms` must be modules with `sample` and `transform`, as skelter's are; "
                    f"got {type(member).__name__}. Wrap a plain function: "
                    "transforms.Lambda(function)"
                )
        if not transforms:
            raise ValueError("`transforms` must hold at least one transform; got none.")
        super().__init__(transforms)

    def __iter__(self) -> Iterator[Transform[Any]]:
        return cast("Iterator[Transform[Any]]", super().__iter__())


def _output_frames(transform: Any) -> int | None:
    """Read what transforms may leave out when they keep time as it is."""
    frames: int | None = getattr(transform, "output_frames", None)
    return frames
