"""A published file: what it holds, and its encoders."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from skelter import _checks
from skelter.checkpoints._sources import Source, open_source, refuse_own
from skelter.checkpoints.published._contents import Network, read_contents
from skelter.checkpoints.published._families import build_encoder
from skelter.checkpoints.published._family import Clips
from skelter.checkpoints.published._heads import build_head
from skelter.encoders import ProjectionHead
from skelter.layouts import NTU25, SkeletonLayout

ROLES = ("query", "key")


class PublishedFile:
    """A file of published weights, recognised by the names and the shapes of its tensors.

    Opening runs no code. A print says what was found.

    Args:
        source: The file, or its content.

    Attributes:
        method: The method that it comes from, as its names tell, or an empty string. Where two
            methods have the same names, both are named.
        epoch: The epoch that it was written in, None if it does not tell.
        data_set: The data set, as the name or the settings of the file tell, or an empty string.
        others: Names of tensors, or of groups of them, that are of no encoder: queues, projectors.

    Raises:
        FileNotFoundError: The file does not exist.
        SkeletonFormatError: The file cannot be read, or contains code.
        ValueError: It has no encoder that this library builds.

    Example:
        >>> import torch
        >>> from skelter.encoders import BiGRU
        >>> network = {f"encoder.{name}": w for name, w in BiGRU(150, 8).state_dict().items()}
        >>> network |= {"fc.weight": torch.zeros(128, 16), "fc.bias": torch.zeros(128)}
        >>> weights = {f"module.encoder_q.{name}": w for name, w in network.items()}
        >>> file = PublishedFile({"epoch": 450, "state_dict": weights, "optimizer": {}})
        >>> print(file)
        the checkpoint
          method    intra-skeleton contrast
          encoders  sequence: GRU
          epoch     450
        >>> file.encoder().feature_dim, file.head().out_dim
        (16, 128)
    """

    def __init__(self, source: Source) -> None:
        state, self.source = open_source(source)
        refuse_own(state, self.source)
        contents = read_contents(state, self.source)
        self._networks = contents.networks
        self.method, self.epoch = contents.method, contents.epoch
        self.data_set, self.others = contents.data_set, contents.others

    @property
    def families(self) -> dict[str, str]:
        """The kind of weights of each encoder, such as ``"ST-GCN"``, by the name of the encoder.

        The name is ``"joint"``, ``"motion"`` or ``"bone"`` in a file of several streams, else what
        the encoder reads: ``"sequence"``, ``"graph"`` or ``"image"``.
        """
        return {name: network.family.name for name, network in self._networks.items()}

    def encoder(
        self,
        name: str | None = None,
        *,
        layout: SkeletonLayout = NTU25,
        persons: int = 2,
        frames: int | None = None,
        role: str = "query",
    ) -> nn.Module:
        """Build an encoder, and load its weights.

        Args:
            name: Which one, where there are several.
            layout: The skeleton, of which weights tell the number of joints at most.
            persons: Persons M of a clip, where the weights do not tell.
            frames: Frames T of a clip, where the weights do not tell. By default those that the
                method was published with.
            role: ``"query"`` for the trained one, ``"key"`` for its momentum copy.

        Raises:
            ValueError: The encoder is missing, or its tensors contradict each other or the layout.
                Nothing is loaded in part.
        """
        network = self._find(name)
        weights = self._weights(network, role)
        clips = Clips(layout, persons, frames or network.family.frames or Clips().frames)
        return build_encoder(weights, self._call(network, role), clips)

    def head(
        self, name: str | None = None, *, role: str = "query", head: str = "fc"
    ) -> ProjectionHead:
        """Build a head of an encoder, and load its weights.

        Args:
            name: Which encoder, where there are several.
            role: ``"query"`` for the trained one, ``"key"`` for its momentum copy.
            head: Which of its heads, where they have names of their own: ``"j_projector"`` and
                the like for UmURL, ``"i_proj"`` for USDRL, ``"clip_proj"`` for HiCo.

        Raises:
            ValueError: There is none, or it is not a `ProjectionHead`.
        """
        network = self._find(name)
        return build_head(self._weights(network, role), self._call(network, role), head)

    def __str__(self) -> str:
        rows = {
            "method": self.method,
            "encoders": ", ".join(f"{name}: {kind}" for name, kind in self.families.items()),
            "epoch": "" if self.epoch is None else str(self.epoch),
            "data set": self.data_set,
            "besides": ", ".join(self.others),
        }
        return "\n".join([self.source, *(f"  {k:<9} {v}" for k, v in rows.items() if v)])

    def _find(self, name: str | None) -> Network:
        listed = ", ".join(map(repr, self._networks))
        if name is None:
            one = len(self._networks) == 1
            hint = f"Name one of them, such as {next(iter(self._networks))!r}."
            _checks.require(one, self.source, "have one encoder", listed, hint)
            return next(iter(self._networks.values()))
        known = name in self._networks
        _checks.require(known, f"`name` of {self.source}", f"be one of {listed}", repr(name))
        return self._networks[name]

    def _weights(self, network: Network, role: str) -> Mapping[str, Tensor]:
        _checks.choice("role", role, ROLES)
        weights = network.weights if role == "query" else network.keys
        _checks.require(len(weights) > 0, self.source, "have a momentum copy", "none")
        return weights

    def _call(self, network: Network, role: str) -> str:
        return f"the {role} of the {network.name} encoder of {self.source}"
