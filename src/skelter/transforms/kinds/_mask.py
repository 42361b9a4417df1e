"""Masks: transforms that set some values of clips to zero."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Generic, TypeVar, final

from torch import Tensor

from skelter import _checks
from skelter.transforms.kinds._base import Transform
from skelter.transforms.kinds._joint_map import forbid_own_transform
from skelter.typing import ClipShape

ParamsT = TypeVar("ParamsT")


def keep_only(x: Tensor, keep: Tensor) -> Tensor:
    """Set everything to zero that a mask does not keep.

    Args:
        x: Clips of shape (..., C, T, V, M), of finite numbers.
        keep: True where a value stays, bool, of a shape that broadcasts to that of `x`.

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: The shapes do not match.

    Example:
        >>> import torch
        >>> keep = torch.tensor([True, False, True, True]).view(1, 1, 4, 1)
        >>> keep_only(torch.ones(3, 2, 4, 1), keep).sum()
        tensor(18.)
    """
    x = _checks.clips(x)
    fits = keep.ndim <= x.ndim and all(
        size in (1, full) for size, full in zip(keep.shape[::-1], x.shape[::-1], strict=False)
    )
    _checks.require(
        fits,
        "`keep`",
        f"have a shape that broadcasts to that of `x` {_checks.shape_of(x)}",
        _checks.shape_of(keep),
        "Give axes of size 1 where a mask is the same for all.",
    )
    keep = keep.to(x.dtype)  # a product is a few times as fast as to choose
    if keep.ndim < 2 or keep.shape[-2:] == (1, 1):
        return x * keep
    # Long inner loops are the fast ones: joints and persons are one axis of V * M numbers.
    keep = keep.expand(*keep.shape[:-2], *x.shape[-2:]).flatten(-2)
    return (x.flatten(-2) * keep).view(x.shape)


class Mask(Transform[ParamsT], Generic[ParamsT]):
    """A transform that sets some values of clips to zero.

    A new one implements `sample` and `keep`. Call `keep` itself where a model fills in something
    else than zeros, or removes what is masked. One that hides whole joints or coordinates may also
    give `as_joint_map`, so that a `Compose` applies it together with joint maps beside it.

    Example:
        >>> import torch
        >>> from skelter.transforms import uniform
        >>> class DropElements(Mask):
        ...     def sample(self, x, *, num_frames=None, generator=None):
        ...         return uniform(x.shape, x, generator)
        ...
        ...     def keep(self, x, params):
        ...         return params < 0.5
        >>> DropElements()(torch.ones(8, 3, 64, 25, 2)).unique()
        tensor([0., 1.])
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        forbid_own_transform(cls, "Mask", "`keep`")

    @abstractmethod
    def keep(self, x: Tensor | ClipShape, params: ParamsT) -> Tensor:
        """Return what stays: bool, of a shape that broadcasts to (..., C, T, V, M)."""

    @final
    def transform(self, x: Tensor, params: ParamsT) -> Tensor:
        """Set to zero what is not kept."""
        x = _checks.clips(x)
        return keep_only(x, self.keep(x, params))
