"""All published kinds of weights. A new one is a file beside this, and a place in the list."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from skelter.checkpoints._weights import list_names
from skelter.checkpoints.published._cmd import NORMED_GRU
from skelter.checkpoints.published._ctrgcn import CTRGCN_FAMILY
from skelter.checkpoints.published._family import Clips, Family, Weights
from skelter.checkpoints.published._hico import HICO
from skelter.checkpoints.published._isc import GRU, HIERARCHICAL_CNN, TWO_STREAM_AGCN
from skelter.checkpoints.published._loading import load_encoder_weights
from skelter.checkpoints.published._mamp import MAMP
from skelter.checkpoints.published._stgcn import STGCN_FAMILY
from skelter.checkpoints.published._umurl import UMURL
from skelter.checkpoints.published._usdrl import USDRL_DSTE, USDRL_STTR

# The first whose mark is found names the weights: those with more to their mark come first.
FAMILIES: tuple[Family, ...] = (
    STGCN_FAMILY,
    NORMED_GRU,
    GRU,
    CTRGCN_FAMILY,
    TWO_STREAM_AGCN,
    HIERARCHICAL_CNN,
    MAMP,
    UMURL,
    USDRL_STTR,
    USDRL_DSTE,
    HICO,
)


def family_of(weights: Mapping[str, Tensor], what: str) -> Family:
    """Return the kind of weights that tensors are. `what` stands for them in messages.

    Raises:
        ValueError: They are of none.
    """
    for family in FAMILIES:
        if family.fits(weights):
            return family
    known = ", ".join(family.name for family in FAMILIES)
    raise ValueError(
        f"{what} must have the tensors of a published encoder, one of {known}; got "
        f"{list_names(weights)}. Of a whole checkpoint, `from_reference` makes a method."
    )


def build_encoder(weights: Mapping[str, Tensor], what: str, clips: Clips) -> nn.Module:
    """Build the encoder whose weights these are, and load them.

    Raises:
        ValueError: Tensors are missing, left over, or of sizes that do not fit.
    """
    family = family_of(weights, what)
    named = Weights(family.without_prefix(weights), what)
    encoder = family.build(named, clips)
    load_encoder_weights(encoder, family, named)
    return encoder
