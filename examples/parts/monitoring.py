"""What to watch while a run trains: does it learn, and does it collapse?"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from parts.assembly import converter, view
from parts.clips import Loader, TrainingClips
from parts.configuration import Pretraining
from skelter import evaluation
from skelter.data import seeded
from skelter.transforms import Transform, presets

GALLERY = 5000  # training clips that neighbours are looked for in


class Monitor:
    """Looks at the features of clips that were held out of training."""

    def __init__(self, config: Pretraining, clips: TrainingClips, device: torch.device) -> None:
        self.config, self.clips, self.device = config, clips, device
        labelled = clips.train[clips.store.labels[clips.train] >= 0]
        self.gallery = labelled[:: max(1, len(labelled) // GALLERY)]
        self.labelled = len(labelled) > 0 and bool((clips.store.labels[clips.held_out] >= 0).all())

    def due(self, epoch: int, epochs: int) -> bool:
        """Whether to look after this epoch."""
        every = self.config.monitor_every
        return len(self.clips.held_out) > 1 and ((epoch + 1) % every == 0 or epoch + 1 == epochs)

    def look(self, encoders: dict[str, nn.Module]) -> dict[str, float]:
        """Return 1-NN accuracy, alignment, uniformity and rank of the features of each encoder."""
        crop = presets.isc_test_view(frames=self.config.frames)
        drawn = view(self.config, self.clips.store)
        figures, accuracies = {}, []
        for name, encoder in encoders.items():
            held_out = self.features(name, encoder, self.clips.held_out, crop)
            if self.labelled:
                gallery = self.features(name, encoder, self.gallery, crop)
                found = evaluation.knn(
                    gallery.features, gallery.labels, held_out.features,
                    test_labels=held_out.labels,
                )  # fmt: skip
                accuracies.append(found.accuracy or 0.0)
                figures[f"1-NN, {name}"] = accuracies[-1]
            pair = [
                self.features(name, encoder, self.clips.held_out, drawn, draw).features
                for draw in (1, 2)
            ]
            for what, value in evaluation.diagnose(*pair).as_dict().items():
                figures[f"{what.replace('_', ' ')}, {name}"] = value
        return figures | ({"1-NN": float(np.mean(accuracies))} if accuracies else {})

    def features(
        self,
        name: str,
        encoder: nn.Module,
        indices: np.ndarray,
        transform: Transform,
        draw: int = 0,
    ) -> evaluation.FeatureSet:
        """Return the features of clips, of views that are the same at every look."""
        generator = seeded(self.config.seed, "monitor", draw)
        return evaluation.extract_features(
            encoder,
            converter(name, self.config.stream, self.clips.store),
            Loader(self.clips.store, indices, transform, generator=generator),
            device=self.device,
        )
