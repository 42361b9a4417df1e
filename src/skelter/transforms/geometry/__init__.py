"""Maps of positions: shear, rotation, scale, translation, mirrors, and exchanged persons."""
