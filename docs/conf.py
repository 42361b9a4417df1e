"""Sphinx configuration."""

import sys
from pathlib import Path

import skelter

sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))  # pages import from examples
sys.path.insert(0, str(Path(__file__).parent))  # for the gallery

project = "skelter"
author = "The skelter developers"
copyright = "2026, The skelter developers"
version = release = skelter.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.doctest",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
]
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]

default_role = "literal"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True  # layout=NTU25, not all of its joints
autodoc_default_options = {"members": True, "exclude-members": "training"}
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_custom_sections = [
    ("Args of a call", "params_style"),
    ("Returns of a call", "returns_style"),
    ("Raises of a call", "Raises"),
]

# Docstrings are run by pytest, in the namespace of their module; here, the pages.
doctest_test_doctest_blocks = ""

html_theme = "furo"
html_title = f"skelter {version}"


def setup(app):
    """Make the gallery, and leave out what `NamedTuple` says of its fields, as classes do."""
    from gallery import page

    def is_alias(app, what, name, thing, skip, options):
        return skip or str(getattr(thing, "__doc__", "")).startswith("Alias for field number")

    app.connect("builder-inited", lambda app: page.write(Path(app.srcdir) / "auto_gallery"))
    app.connect("autodoc-skip-member", is_alias)
