"""An encoder with all that stands between a recorded clip and its features."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from einops import rearrange
from torch import Tensor, nn

from skelter import _checks
from skelter.layouts import SkeletonLayout, restore_layout
from skelter.transforms import functional, presets
from skelter.typing import Representation

Normalise: TypeAlias = Callable[[Tensor], Tensor]
"""A map from clips (N, C, T, V, M) as recorded to clips as an encoder was trained on them."""


@dataclass(frozen=True)
class ClipFacts:
    """Facts of the clips that an encoder was trained on.

    Args:
        layout: Their skeleton layout.
        channels: Coordinates C of a joint.
        persons: Persons M of a clip.
        frames: Frames of the crop that the encoder reads, None if it reads whole clips.
        normalisation: The name of what was done to recorded clips before any crop, as the
            provenance of a store has it: a name of `transforms.presets.find_normalisation` such
            as ``"isc_normalise"``, one of your own, or empty for nothing.
        label_names: The name of each class, possibly empty.

    Example:
        >>> from skelter.layouts import KINECT20
        >>> facts = ClipFacts(KINECT20, channels=3, persons=1, frames=32)
        >>> ClipFacts.from_dict(facts.as_dict()) == facts
        True
    """

    layout: SkeletonLayout
    channels: int
    persons: int
    frames: int | None
    normalisation: str = ""
    label_names: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return all facts as plain values, ready for JSON."""
        layout, names = self.layout.as_dict(), list(self.label_names)
        return {**vars(self), "layout": layout, "label_names": names}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> ClipFacts:
        """Undo `as_dict`."""
        layout, names = restore_layout(plain["layout"]), tuple(plain["label_names"])
        return cls(**{**plain, "layout": layout, "label_names": names})


class TrainedEncoder(nn.Module):
    """A trained encoder that takes clips as they were recorded.

    A call normalises clips as those of the training were, crops their middle as evaluation does
    (`transforms.presets.isc_test_view`), makes the representation, and encodes it. It is in eval
    mode, and calls record no gradient. To train on, take `encoder` and `representation`.

    Args:
        encoder: From the representation to features (N, D).
        representation: From clips (N, C, T, V, M) to what the encoder reads.
        facts: The clips that it was trained on.
        classifier: From features to the logits (N, K) of classes, if there is one.
        normalise: What to do to recorded clips first. None: what `facts` names.
        name: The name of the encoder among those of its method.

    Args of a call:
        clips: Recorded clips (..., C, T, V, M), one or a batch, a tensor or a NumPy array. A
            missing joint, frame or person is zeros.
        num_frames: Valid frames of each clip, integers of shape (...). None counts all of them.

    Returns of a call:
        Features (..., D) on the device of the encoder.

    Raises of a call:
        ValueError: The clips have other joints, coordinates or persons than those of the training,
            or are not finite.

    Example:
        >>> from skelter.encoders import BiGRU
        >>> from skelter.layouts import KINECT20
        >>> from skelter.representations import ToSequence
        >>> facts = ClipFacts(KINECT20, 3, 1, frames=32, normalisation="isc_normalise")
        >>> trained = TrainedEncoder(BiGRU(60, 8), ToSequence(), facts)
        >>> trained(torch.randn(3, 75, 20, 1)).shape
        torch.Size([16])
        >>> trained(torch.randn(4, 3, 75, 20, 1), num_frames=[75, 60, 40, 75]).shape
        torch.Size([4, 16])
    """

    def __init__(
        self,
        encoder: nn.Module,
        representation: Representation,
        facts: ClipFacts,
        *,
        classifier: nn.Module | None = None,
        normalise: Normalise | None = None,
        name: str = "encoder",
    ) -> None:
        super().__init__()
        self.encoder, self.representation, self.classifier = encoder, representation, classifier
        self.facts, self.name = facts, name
        self.normalise = normalise or _find_normalisation(facts)
        self.eval()

    @property
    def layout(self) -> SkeletonLayout:
        """The layout of its clips."""
        return self.facts.layout

    @property
    def frames(self) -> int | None:
        """Frames of the crop that the encoder reads, None if it reads whole clips."""
        return self.facts.frames

    @property
    def label_names(self) -> tuple[str, ...]:
        """The name of each class, possibly empty."""
        return self.facts.label_names

    @torch.no_grad()
    def forward(self, clips: Any, *, num_frames: Any = None) -> Tensor:
        """Return features (..., D) of recorded clips (..., C, T, V, M)."""
        _refuse_export()
        x = self._enter(clips)
        counts = _checks.frame_counts(num_frames, x).reshape(-1)
        leading, x = x.shape[:-4], x.reshape(-1, *x.shape[-4:])
        time = torch.arange(x.shape[-3], device=x.device)
        x = x.masked_fill(rearrange(time >= counts[:, None], "n t -> n 1 t 1 1"), 0.0)
        if self.normalise is not None:
            x, counts = self._normalise(self.normalise, x, counts)
        if self.frames is None:
            rows = [x[n : n + 1, :, :count] for n, count in enumerate(counts.tolist())]
            features = torch.cat([self._encode(row) for row in rows])
        else:
            crop = presets.isc_test_view(frames=self.frames)
            features = self._encode(crop(x, num_frames=counts))
        return features.reshape(*leading, features.shape[-1])

    def predict(self, clips: Any, *, num_frames: Any = None) -> Tensor:
        """Return the scores of all classes for recorded clips.

        Args:
            clips: See the call.
            num_frames: See the call.

        Returns:
            Shape (..., K), positive and of sum 1: the softmax of the logits of the classifier.

        Raises:
            ValueError: The encoder came without a classifier.
        """
        if self.classifier is None:
            raise ValueError(
                "this encoder has no classifier, as pre-training knows no classes. Train one: "
                "examples/evaluate.py --tasks finetune writes a file that load_encoder reads."
            )
        with torch.no_grad():
            logits: Tensor = self.classifier(self(clips, num_frames=num_frames))
            return logits.softmax(-1)

    def extra_repr(self) -> str:
        """Name the facts, for the printed form of the module."""
        facts = self.facts
        return (
            f"clips of {facts.persons} x {facts.layout.name}, {facts.channels} coordinates, "
            f"{facts.frames} frames, normalisation={facts.normalisation!r}"
        )

    def _enter(self, clips: Any) -> Tensor:
        """Return clips in float32 on the device of the encoder, after a check of their form."""
        first = next(self.encoder.parameters(), torch.empty(0))
        x = _checks.clips(clips).to(first.device, torch.float32)
        owner = "the clips of this encoder's training"
        _checks.joints(x, self.layout, hint="Bring them to it: your_layout.convert(x, to=...)")
        hint = "Joints as a store or a reader gives them, (T, M, V, C), are turned by "
        hint += "einops.rearrange(x, 't m v c -> c t v m')."
        _checks.axis(x, "C", self.facts.channels, owner, hint)
        hint = "A missing person is zeros: torch.nn.functional.pad(x, (0, missing))"
        _checks.axis(x, "M", self.facts.persons, owner, hint)
        _checks.finite(x)
        return x

    def _normalise(self, normalise: Normalise, x: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
        """Return normalised clips, and their frames where some were left out or resampled."""
        y = normalise(x)
        before, after = functional.count_frames(x), functional.count_frames(y)
        if getattr(normalise, "output_frames", None) is None and y.shape[-3] == x.shape[-3]:
            after = torch.where(after < before, after, counts)
        return y, after

    def _encode(self, x: Tensor) -> Tensor:
        return _checks.features("encoder(x)", self.encoder(self.representation(x)))


def _refuse_export() -> None:
    """Say what to export instead: normalisation depends on the values of clips."""
    exporting = getattr(torch.compiler, "is_exporting", None)
    if exporting is not None and exporting():
        raise ValueError(
            "a TrainedEncoder cannot be exported, as normalisation and crop depend on the values "
            "and lengths of clips. Export what follows them: "
            "nn.Sequential(trained.representation, trained.encoder)"
        )


def _find_normalisation(facts: ClipFacts) -> Normalise | None:
    """Return what the name of a normalisation stands for, None for the empty name."""
    if not facts.normalisation:
        return None
    try:
        return presets.find_normalisation(facts.normalisation, facts.layout)
    except ValueError as error:
        raise ValueError(
            f"the normalisation of the training clips is {facts.normalisation!r}, but {error} "
            "Pass the function that it was: normalisation=..."
        ) from None
