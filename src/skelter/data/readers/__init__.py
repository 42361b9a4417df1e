"""One reader a format, from files to clips, and the writers of some formats.

`_reading` and `_names` hold what readers share. Readers import `files`, and not the store.
"""
