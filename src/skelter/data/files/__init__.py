"""Containers of files from strangers: text, arrays, archives and pickles.

Nothing in them is run, memory stays bounded, and errors name the file. These modules import nothing
else of `data`.
"""
