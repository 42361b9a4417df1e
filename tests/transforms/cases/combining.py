"""Chains, choices and functions."""

from __future__ import annotations

import torch

from skelter import transforms as T
from transforms.cases._case import Case


def crop():
    return T.TemporalCropResize(16, min_frames=4)


def negate():
    return T.Lambda(torch.neg)


CASES = [
    Case("CheckFinite", lambda layout: T.CheckFinite(), reads_values=True),
    Case(
        "Compose",
        lambda layout: T.Compose([T.Shear(layout=layout), crop(), T.JointJitter(3, layout=layout)]),
    ),
    Case("Lambda", lambda layout: negate(), scores=False),
    Case(
        "OneOf",
        lambda layout: T.OneOf([T.Shear(), T.JointJitter(), negate()], weights=[1, 2, 3]),
        scores=False,
    ),
    Case("OneOf (crops)", lambda layout: T.OneOf([crop(), T.CentreCropResize(16)])),
    Case("RandomApply", lambda layout: T.RandomApply(T.Shear(layout=layout), 0.5)),
    Case("RandomApply (plain)", lambda layout: T.RandomApply(negate()), scores=False),
    Case(
        "SomeOf",
        lambda layout: T.SomeOf([T.Shear(layout=layout), T.JointJitter(2, layout=layout)], 1),
    ),
    Case(
        "SomeOf (plain)",
        lambda layout: T.SomeOf([T.Shear(), negate(), T.JointJitter(2)], 2),
        scores=False,
    ),
]
