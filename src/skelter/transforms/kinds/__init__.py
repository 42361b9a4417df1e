"""The law of transforms, and the kinds that most of them are.

Everything else in this room is built on these modules. They import nothing of the other folders.
"""
