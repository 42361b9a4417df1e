"""Several transforms in a row, or some of them for each clip."""

from gallery import clips, pictures
from gallery.entry import Entry

ENTRIES = [
    Entry("Compose([Shear(0.5), GaussianNoise(0.03)])", pictures.figures),
    Entry('RandomApply(Mirror(layout, "x"), 0.5)', pictures.draws, clips.many),
    Entry("OneOf([Shear(0.5), JointMask(0.3), GaussianNoise(0.05)])", pictures.draws, clips.many),
    Entry(
        'SomeOf([Shear(0.5), Mirror(layout, "x"), JointMask(0.3)], 2)', pictures.draws, clips.many
    ),
    Entry("MultiView([Shear(0.5), JointMask(0.3)])", pictures.views),
]
