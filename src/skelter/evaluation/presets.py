"""Linear probes and fine-tuning with the settings of published methods, by name.

A name stands for the optimiser's settings only. What else differs between papers, crops above all,
is the features' or the loader's affair. Learning rates belong to their features: a rate of 24 fits
the small features of an average-pooled ST-GCN and bursts others.

References:
    The settings are those of each method's released code. Where that leaves one open, it is the
    reference method's (`ISC`), and the text says "not known".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from skelter.evaluation._configs import FineTuneConfig, LinearProbeConfig

__all__ = [
    "ACTCLR",
    "AIMCLR",
    "CMD",
    "CROSCLR",
    "FINE_TUNE_CMD",
    "FINE_TUNE_PRESETS",
    "FINE_TUNE_PSTL",
    "FINE_TUNE_SKELEMIX",
    "FINE_TUNE_SMALL",
    "GL_TRANSFORMER",
    "HALP",
    "HICO",
    "HYSP",
    "ISC",
    "MAMP",
    "PRESETS",
    "PSTL",
    "SKELEMIX",
    "STANDARDIZED",
    "UMURL",
]

ISC = LinearProbeConfig()
"""SGD with learning rate 0.1, momentum 0.9, no weight decay, batches of 64, 80 epochs, learning
rate times 0.1 after epochs 50 and 70: the reference method's (Thoker, Doughty, Snoek, ACM MM 2021,
the released evaluation. Its command line's default of 30 is overridden by its scripts)."""

STANDARDIZED = replace(ISC, standardize=True)
"""As `ISC`, on standardised features, for sets of hundreds of clips."""

CROSCLR = LinearProbeConfig(lr=3.0, epochs=100, drops=(80,), batch_size=128)
"""SGD, learning rate 3, batches of 128, 100 epochs, a drop after 80, no augmentation (CrosSCLR,
Li et al., CVPR 2021). Its tables report the best epoch."""

AIMCLR = CROSCLR
"""As `CROSCLR` (AimCLR, Guo et al., AAAI 2022)."""

SKELEMIX = CROSCLR
"""As `CROSCLR` (SkeleMixCLR, Chen et al., 2022)."""

ACTCLR = LinearProbeConfig(lr=24.0, epochs=100, drops=(80,), batch_size=1024)
"""As `CROSCLR` at eight times the batch and learning rate, which are 1024 and 24 (ActCLR, Lin et
al., CVPR 2023)."""

CMD = ISC
"""As `ISC` (CMD, Mao et al., ECCV 2022)."""

HALP = replace(ISC, lr=0.005)
"""Learning rate 0.005, and 0.001 on PKU-MMD (HaLP, Shah et al., CVPR 2023). The rest is not
known."""

HICO = replace(ISC, lr=2.0, batch_size=1024)
"""Learning rate 2, batches of 1024 (HiCo, Dong et al., AAAI 2023). Epochs and drops are not
known."""

UMURL = LinearProbeConfig(lr=0.03, epochs=150, drops=(120, 140), batch_size=512)
"""Learning rate 0.03, batches of 512, 150 epochs, drops after 120 and 140 (UmURL, Sun et al., ACM
MM 2023). Momentum and weight decay are not known."""

HYSP = LinearProbeConfig(lr=1.0, epochs=100, drops=(60, 80))
"""Learning rate 1, 100 epochs, drops after 60 and 80 (HYSP, Franco et al., ICLR 2023). The batch
size is not known."""

PSTL = LinearProbeConfig(lr=0.01, epochs=150, drops=None, batch_size=128, optimiser="adam")
"""Adam, learning rate 0.01 annealed to zero over 150 epochs, batches of 128 (PSTL, Zhou et al.,
AAAI 2023)."""

GL_TRANSFORMER = LinearProbeConfig(
    lr=0.003, epochs=120, drops=(), batch_size=1024, optimiser="adam"
)
"""Adam, constant learning rate 0.003, 120 epochs, batches of 1024 (GL-Transformer, Kim et al., ECCV
2022)."""

MAMP = LinearProbeConfig(epochs=100, drops=None, batch_size=128, standardize=True)
"""Standardised features, learning rate 0.1, batches of 128, 100 epochs (MAMP, Mao et al., ICCV
2023). Annealed to zero from step to step, here from epoch to epoch. That it follows a cosine is not
known. Its batch norm standardises by each batch while it trains, and its scripts run two processes
of 128."""

PRESETS: Mapping[str, LinearProbeConfig] = MappingProxyType(
    {
        "isc": ISC,
        "standardized": STANDARDIZED,
        "crosclr": CROSCLR,
        "aimclr": AIMCLR,
        "skelemix": SKELEMIX,
        "actclr": ACTCLR,
        "cmd": CMD,
        "halp": HALP,
        "hico": HICO,
        "umurl": UMURL,
        "hysp": HYSP,
        "pstl": PSTL,
        "gl_transformer": GL_TRANSFORMER,
        "mamp": MAMP,
    }
)
"""The linear probes above by their names in lower case, read-only."""

FINE_TUNE_CMD = FineTuneConfig()
"""Semi-supervised and transfer by SGD, learning rate 0.01, momentum 0.9, no weight decay, 80
epochs, drops after 50 and 70. Its loader has batches of 64, and its script reports the best of
every fifth epoch (CMD, Mao et al., ECCV 2022). The reference method's own fine-tuning was not
released, so this is also the default."""

FINE_TUNE_SKELEMIX = FineTuneConfig(
    lr=0.1,
    epochs=110,
    drops=(50, 70, 90),
    optimiser="nesterov",
    weight_decay=1e-4,
    warm_up=10,
)
"""Nesterov momentum 0.9, learning rate 0.1 after 10 epochs of warm-up, 110 epochs, drops after 50,
70 and 90, weight decay 1e-4. Its loader has batches of 128 (SkeleMixCLR, Chen et al., 2022). That
the warm-up is linear is not known."""

FINE_TUNE_PSTL = FineTuneConfig(lr=0.005, epochs=150, drops=None, optimiser="adam")
"""Semi-supervised and fine-tuned by Adam, learning rate 0.005 annealed to zero over 150 epochs. Its
loader has batches of 128 (PSTL, Zhou et al., AAAI 2023)."""

FINE_TUNE_SMALL = FineTuneConfig(lr=1e-3, drops=None, optimiser="adam")
"""Adam, learning rate 0.001 annealed to zero over 80 epochs: for sets of hundreds of clips, whose
few steps an epoch leave the encoder where it was at the rates above."""

FINE_TUNE_PRESETS: Mapping[str, FineTuneConfig] = MappingProxyType(
    {
        "cmd": FINE_TUNE_CMD,
        "skelemix": FINE_TUNE_SKELEMIX,
        "pstl": FINE_TUNE_PSTL,
        "small": FINE_TUNE_SMALL,
    }
)
"""The settings of fine-tuning above by the method's name in lower case, read-only. MAMP's are not
among them: 100 epochs at 3e-4, layer-wise decay 0.8 and drop path 0.3 belong to its transformer."""
