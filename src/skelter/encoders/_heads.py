"""The heads between an encoder's features and a loss."""

from __future__ import annotations

from torch import Tensor, nn

from skelter import _checks

NORMS = (None, "batch")
LASTS = ("bias", "no-bias", "batch", "batch-plain")


class ProjectionHead(nn.Module):
    """Linear layers with a ReLU between them, from features to embeddings.

    The default is the head of MoCo v2, whose embeddings the loss normalises. Predictors, which
    follow a head in methods without negatives, are of the same form. Where the table is empty,
    the defaults hold.

    =====================================  ================  ======  =======  =============
    Head                                   in, hidden, out   layers  norm     last
    =====================================  ================  ======  =======  =============
    MoCo                                   2048, None, 128   1
    MoCo v2, ISC, CMD, HaLP, PCM3          2048, 2048, 128
    SkeletonCLR, CrosSCLR, AimCLR, ActCLR  256, 256, 128
    SkeleMixCLR                            256, 256, 128             "batch"
    HYSP, and its predictor                1024, 1024, 1024          "batch"
    STARS, predictor                       256, 4096, 256            "batch"
    SimSiam, predictor                     2048, 512, 2048           "batch"
    BYOL                                   2048, 4096, 256           "batch"  "no-bias"
    BYOL, predictor                        256, 4096, 256            "batch"  "no-bias"
    STARS                                  1024, None, 256   1                "batch"
    UmURL, USDRL                           2048, 2048, 4096  3       "batch"
    Barlow Twins, VICReg                   2048, 8192, 8192  3       "batch"  "no-bias"
    PSTL                                   256, 6144, 6144   3       "batch"  "no-bias"
    SimSiam                                2048, 2048, 2048  3       "batch"  "batch-plain"
    =====================================  ================  ======  =======  =============

    Args:
        in_dim: Size of the features.
        hidden_dim: Size in between, that of the features if None. One layer has none.
        out_dim: Size of the embeddings.
        layers: Number of linear layers, at least 1.
        norm: ``"batch"`` puts a batch norm before every ReLU, None puts nothing there. A linear
            layer before a batch norm has no bias, as the norm would subtract it.
        last: The end of the last layer: ``"bias"`` adds a bias, ``"no-bias"`` adds nothing,
            ``"batch"`` is a batch norm, ``"batch-plain"`` a batch norm without scale and shift.

    Raises:
        TypeError: In a call, the features do not have the dtype of the weights.
        ValueError: A size or a number of layers is below 1, a choice is not one of those above,
            or one layer is given a hidden size. In a call, the features do not have `in_dim`
            columns, or a batch of one trains a batch norm.

    References:
        He et al., Momentum Contrast, CVPR 2020; Chen et al., Improved Baselines with Momentum
        Contrastive Learning, 2020; Grill et al., Bootstrap Your Own Latent, NeurIPS 2020;
        Chen and He, Exploring Simple Siamese Representation Learning, CVPR 2021; Zbontar et al.,
        Barlow Twins, ICML 2021; Bardes et al., VICReg, ICLR 2022; Thoker, Doughty, Snoek,
        ACM MM 2021. Skeletons: Li et al., CrosSCLR, CVPR 2021; Guo et al., AimCLR, AAAI 2022;
        Chen et al., SkeleMixCLR, 2022; Mao et al., CMD, ECCV 2022; Franco et al., HYSP, ICLR
        2023; Zhou et al., PSTL, AAAI 2023; Sun et al., UmURL, ACM MM 2023; Mehraban et al.,
        STARS, 2024, by their released code.

    Example:
        >>> import torch
        >>> ProjectionHead(256)(torch.zeros(4, 256)).shape
        torch.Size([4, 128])
        >>> simsiam = ProjectionHead(64, 64, 64, layers=3, norm="batch", last="batch-plain")
        >>> simsiam(torch.zeros(4, 64)).shape
        torch.Size([4, 64])
    """

    def __init__(
        self,
        in_dim: int,
        hidden_dim: int | None = None,
        out_dim: int = 128,
        *,
        layers: int = 2,
        norm: str | None = None,
        last: str = "bias",
    ) -> None:
        super().__init__()
        _checks.positive_int("layers", layers)
        one = "One layer goes from in_dim to out_dim, or pass layers=2."
        fits = layers > 1 or hidden_dim is None
        _checks.require(fits, "`hidden_dim`", "be None for layers=1", hidden_dim, one)
        hidden_dim = in_dim if hidden_dim is None else hidden_dim
        sizes = {"in_dim": in_dim, "hidden_dim": hidden_dim, "out_dim": out_dim}
        for name, value in sizes.items():
            _checks.positive_int(name, value)
        _checks.choice("norm", norm, NORMS)
        _checks.choice("last", last, LASTS)
        self.in_dim, self.out_dim = in_dim, out_dim
        self.layers = nn.Sequential()
        for before in [in_dim, *[hidden_dim] * (layers - 1)][: layers - 1]:
            self.layers.append(nn.Linear(before, hidden_dim, bias=norm is None))
            if norm is not None:
                self.layers.append(nn.BatchNorm1d(hidden_dim))
            self.layers.append(nn.ReLU())
        before = hidden_dim if layers > 1 else in_dim
        self.layers.append(nn.Linear(before, out_dim, bias=last == "bias"))
        if last.startswith("batch"):
            self.layers.append(nn.BatchNorm1d(out_dim, affine=last == "batch"))

    def forward(self, features: Tensor) -> Tensor:
        """Return embeddings (N, out_dim) of features (N, in_dim)."""
        features = _checks.floating("features", features)
        norms = any(isinstance(layer, nn.BatchNorm1d) for layer in self.layers)
        _checks.require(
            features.ndim == 2 if norms else features.ndim >= 1,
            "`features`",
            "have shape (N, D), one row a clip",
            _checks.shape_of(features),
            "Flatten what is behind the first axis: features.flatten(1)",
        )
        _checks.require(
            features.shape[-1] == self.in_dim,
            "`features`",
            f"have the {self.in_dim} columns of in_dim",
            _checks.shape_of(features),
            "Build the head for the feature_dim of the encoder.",
        )
        _checks.dtype_of(features, self, "features")
        _checks.require(
            not (norms and self.training and features.shape[0] == 1),
            "`features`",
            "have at least 2 rows to train a batch norm",
            _checks.shape_of(features),
            "Drop the last batch, or call eval().",
        )
        embeddings: Tensor = self.layers(features)
        return embeddings
