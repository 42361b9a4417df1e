"""Damaged files for the readers: valid ones of synthetic clips, mutated in many ways.

A reader shall either read a file or refuse it by `SkeletonFormatError` or `OSError`, soon and
within the memory that the file deserves. `python tests/fuzzing --help` runs any number of cases;
the tests run some of each format.
"""
