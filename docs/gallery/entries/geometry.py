"""Maps of positions."""

from gallery import clips, pictures
from gallery.entry import Entry

ENTRIES = [
    Entry("Shear(0.5)", pictures.figures, seed=5),
    Entry("Rotate(degrees=(0, 0, 30))", pictures.figures),
    Entry("RotateMainAxis((30, 60))", pictures.figures),
    Entry("RotateView(layout, degrees=90)", pictures.figures, seed=5),
    Entry("CameraView(30.0)", pictures.figures, seed=1),
    Entry("WholeDegreeView(60)", pictures.figures),
    Entry("Scale((0.5, 1.5))", pictures.figures, seed=3),
    Entry("ScaleAxes(0.4)", pictures.figures),
    Entry("BoxScale((1.0, 3.0))", pictures.figures),
    Entry("Translate(0.5)", pictures.figures, seed=3),
    Entry("RandomMove(segments=2)", pictures.figures, seed=3),
    Entry("RandomDrift((-45.0, 45.0), segments=2)", pictures.figures),
    Entry("Affine2d()", pictures.figures, clips.flat),
    Entry('Mirror(layout, "x")', pictures.figures),
    Entry("SwapPersons()", pictures.figures, clips.two),
    Entry("SwapViewpoint(layout)", pictures.figures, clips.two),
    Entry("DropPerson()", pictures.figures, clips.two),
    Entry("BoxCrop((1920, 1080), layout=layout)", pictures.in_image, clips.pixels),
]
