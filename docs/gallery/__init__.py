"""The gallery of transforms: a page with a picture of each, made whenever the documents are built.

To add a transform, add an `Entry` to the module of `entries` that its folder is named after.
"""
