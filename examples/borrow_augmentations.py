"""Use skelter's augmentations in a project of your own: any joints, any batch, CPU or GPU.

python examples/borrow_augmentations.py
"""

import torch

from skelter import transforms as T
from skelter.layouts import KINECT20, SkeletonLayout

layout = SkeletonLayout("stick figure", ["hip", "head", "hand"], parents=[-1, 0, 1])

view = T.Compose(
    [
        T.CentreOnJoint(layout),
        T.TemporalCropResize(frames=32, ratio=(0.5, 1.0), min_frames=8),
        T.OneOf([T.Shear(0.5), T.JointJitter(1)]),
    ]
)

clips = torch.randn(16, 3, 100, 3, 1)  # batch, coordinates, frames, joints, persons
num_frames = torch.randint(40, 101, (16,))  # frames before the padding
augmented = view(clips, num_frames=num_frames, generator=torch.Generator().manual_seed(0))
print(tuple(clips.shape), "->", tuple(augmented.shape))

# The views of a method by its name, for the joints of a Kinect.
views = T.presets.aimclr_views(KINECT20)
strong, weak, other_weak = views(torch.randn(16, 3, 100, 20, 1), num_frames=num_frames)
print("AimCLR:", *(tuple(each.shape) for each in (strong, weak, other_weak)))
