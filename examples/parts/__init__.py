"""What the longer examples are put together from: to be read, copied and changed."""
