"""Joint maps: transforms that multiply every joint position by a matrix."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Generic, TypeVar, final

import torch
from torch import Tensor

from skelter import _checks
from skelter._precision import outside_autocast
from skelter.transforms.kinds._base import JointMatrices, Transform
from skelter.transforms.kinds._numbers import as_tensor, repeat_joints
from skelter.typing import ClipShape

ParamsT = TypeVar("ParamsT")


@outside_autocast
def map_joints(x: Tensor, matrix: Tensor) -> Tensor:
    """Map every joint position p to ``matrix[v] @ p``, each joint v by a matrix of its own.

    Shear, joint jitter, masks, rotations, scalings and flips of an axis are all such maps, and
    one after another they are one: the product of their matrices.

    Args:
        x: Clips of shape (..., C, T, V, M).
        matrix: One matrix a clip and joint, shape (..., V, C, C), or one a clip for all of its
            joints, shape (..., 1, C, C).

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: The shapes do not match.

    Example:
        >>> import torch
        >>> x, matrix = torch.ones(3, 2, 4, 1), torch.eye(3).repeat(4, 1, 1)
        >>> matrix[0] *= 5
        >>> map_joints(x, matrix)[0, 0, :, 0]
        tensor([5., 1., 1., 1.])
    """
    x = _checks.clips(x)
    C, T, V, M = x.shape[-4:]
    same = matrix.shape[-3:-2] == (1,)
    _checks.params(x, matrix=(matrix, (1 if same else V, C, C)))
    if same:
        return (as_tensor(matrix, x.dtype).squeeze(-3) @ x.flatten(-3)).view(x.shape)
    # Long inner loops are the fast ones: joints and persons are one axis of V * M numbers.
    weight = as_tensor(repeat_joints(matrix, M), x.dtype)  # ... i j (v m)
    if torch.compiler.is_compiling():  # it would work out the weights anew for every frame
        weight = weight.as_strided(weight.shape, weight.stride())
    weights = weight.unsqueeze(-2).unbind(-3)
    planes = x.reshape(*x.shape[:-4], C, 1, T, V * M).unbind(-4)
    mapped = weights[0] * planes[0]
    for weight, plane in zip(weights[1:], planes[1:], strict=True):
        mapped = mapped.addcmul_(weight, plane)
    return mapped.view(x.shape)


class JointMap(Transform[ParamsT], Generic[ParamsT]):
    """A transform that multiplies every joint position by a matrix.

    A new one implements `sample` and `matrices`. Adjacent joint maps of a `Compose` are multiplied
    and applied in one pass, and `OneOf` chooses among their matrices instead of among clips.

    Example:
        >>> import torch
        >>> from skelter.transforms import uniform
        >>> class Stretch(JointMap):
        ...     def sample(self, x, *, num_frames=None, generator=None):
        ...         return 1 + uniform((*x.shape[:-4], 1, x.shape[-4]), x, generator)
        ...
        ...     def matrices(self, x, params):
        ...         return torch.diag_embed(params)
        >>> Stretch()(torch.ones(8, 3, 64, 25, 2)).shape
        torch.Size([8, 3, 64, 25, 2])
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        forbid_own_transform(cls, "JointMap", "`matrices`")

    @abstractmethod
    def matrices(self, x: ClipShape, params: ParamsT) -> Tensor:
        """Return the matrices of clips of a shape, (..., V, C, C) or (..., 1, C, C) for all joints.

        Like `sample`, it sees the shape of the clips and not their values.
        """

    @final
    def transform(self, x: Tensor, params: ParamsT) -> Tensor:
        """Multiply every joint position by its matrix."""
        x = _checks.clips(x)
        return map_joints(x, self.matrices(x, params))

    def as_joint_map(self) -> JointMatrices:
        """Return the map from shape and parameters to matrices."""
        return self.matrices


def forbid_own_transform(cls: type, kind: str, instead: str) -> None:
    """Refuse a class of a kind that replaces `transform`, which combinations do not call."""
    if "transform" in vars(cls):
        raise TypeError(
            f"{cls.__name__} is a {kind} with a `transform` of its own, which combinations would "
            f"pass over. Give {instead}, or derive from Transform and call the other inside."
        )
