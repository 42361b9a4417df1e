"""Frames that a clip shows, their order and their speed."""
