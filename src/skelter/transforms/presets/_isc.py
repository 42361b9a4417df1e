"""Views and pre-normalisation of the reference method."""

from __future__ import annotations

from skelter.layouts import NTU25, SkeletonLayout
from skelter.transforms.combining._choice import OneOf
from skelter.transforms.combining._compose import Compose
from skelter.transforms.geometry._shear import Shear
from skelter.transforms.masks._jitter import JointJitter
from skelter.transforms.normalisation._align import AlignShoulders, AlignSpine
from skelter.transforms.normalisation._fill import FillFrames
from skelter.transforms.normalisation._origin import CentreOnJoint
from skelter.transforms.normalisation._size import UnitScale
from skelter.transforms.time._crop import CentreCropResize, TemporalCropResize


def isc_view(
    *,
    frames: int = 64,
    ratio: tuple[float, float] = (0.1, 1.0),
    min_frames: int = 64,
    amplitude: float = 1.0,
    joints: float = 0.6,
    layout: SkeletonLayout | None = None,
) -> Compose:
    """Return the reference method's view: crop-resize, then shear or joint jitter.

    One of the two with probability 1/2 each, drawn for each clip.

    Args:
        frames: Frames of the view.
        ratio: Share of the clip that is cropped.
        min_frames: Fewest frames of a crop.
        amplitude: Largest shear.
        joints: Share or number of jittered joints.
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are neither sheared nor mixed. None takes all of 2 or 3 channels for positions.

    References:
        Thoker, Doughty, Snoek, ACM MM 2021

    Example:
        >>> import torch
        >>> isc_view()(torch.randn(8, 3, 120, 25, 2)).shape
        torch.Size([8, 3, 64, 25, 2])
    """
    return Compose(
        [
            TemporalCropResize(frames, ratio, min_frames=min_frames),
            OneOf([Shear(amplitude, layout=layout), JointJitter(joints, layout=layout)]),
        ]
    )


def isc_small_view(*, frames: int = 32, layout: SkeletonLayout | None = None) -> Compose:
    """Return a milder view for hundreds of clips and minutes of training.

    Short clips are cropped too (at least 24 frames, at least half of the clip), the shear reaches
    0.5 and a tenth of the joints is jittered. The paper's view needs many more steps than a small
    set has; see the explanation "Learning from small sets" in the documentation.

    Args:
        frames: Frames of the view.
        layout: See `isc_view`.

    Example:
        >>> import torch
        >>> isc_small_view()(torch.randn(8, 3, 60, 20, 1)).shape
        torch.Size([8, 3, 32, 20, 1])
    """
    return isc_view(
        frames=frames,
        ratio=(0.5, 1.0),
        min_frames=24,
        amplitude=0.5,
        joints=0.1,
        layout=layout,
    )


def isc_probe_view(*, frames: int = 64, min_frames: int = 64) -> TemporalCropResize:
    """Return the crop of the reference method's linear probe during training, ratio U(0.5, 1).

    Args:
        frames: Frames of the view.
        min_frames: Fewest frames of a crop.

    References:
        Thoker, Doughty, Snoek, ACM MM 2021: the released evaluation.

    Example:
        >>> isc_probe_view().ratio
        (0.5, 1.0)
    """
    return TemporalCropResize(frames, (0.5, 1.0), min_frames=min_frames)


def isc_test_view(*, frames: int = 64) -> CentreCropResize:
    """Return the reference method's test-time crop: the middle 95 % of the clip.

    Args:
        frames: Frames of the view.

    References:
        Thoker, Doughty, Snoek, ACM MM 2021: the released evaluation.

    Example:
        >>> isc_test_view().ratio
        0.95
    """
    return CentreCropResize(frames, 0.95)


def isc_normalise(layout: SkeletonLayout = NTU25) -> Compose:
    """Return the reference method's pre-normalisation.

    Fill missing frames, centre on the layout's centre joint, turn the spine to z, then the
    shoulders to x. Run it once, on recorded clips, before any view.

    Args:
        layout: The layout of the clips; it must name its ``spine`` and ``shoulders``.

    Raises:
        ValueError: The layout does not name them.

    References:
        Shi et al., Two-Stream Adaptive Graph Convolutional Networks, CVPR 2019: the released
        pre-normalisation, as used by Thoker, Doughty, Snoek, ACM MM 2021.

    Example:
        >>> import torch
        >>> isc_normalise()(torch.randn(8, 3, 60, 25, 2)).shape
        torch.Size([8, 3, 60, 25, 2])
    """
    return Compose(
        [FillFrames(), CentreOnJoint(layout), AlignSpine(layout), AlignShoulders(layout)]
    )


def size_and_place(layout: SkeletonLayout) -> Compose:
    """Return a pre-normalisation for poses that no spine turns upright, such as those of images.

    Divide each clip by the size of its bodies, then make the layout's centre joint the origin.
    Nothing is rotated. Run it once, on recorded clips, before any view.

    Args:
        layout: The layout of the clips.

    Example:
        >>> import torch
        >>> from skelter.layouts import COCO17
        >>> pixels = 500 + 80 * torch.randn(8, 2, 60, 17, 1)
        >>> size_and_place(COCO17)(pixels).shape
        torch.Size([8, 2, 60, 17, 1])
    """
    return Compose([UnitScale(layout=layout), CentreOnJoint(layout)])
