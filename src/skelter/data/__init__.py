"""Recordings of skeletons."""

from skelter.data._clip import Clip

__all__ = ["Clip"]
