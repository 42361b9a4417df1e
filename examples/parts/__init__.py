"""Parts of the longer examples, to be read, copied and changed."""
