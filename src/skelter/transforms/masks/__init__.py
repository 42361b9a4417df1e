"""Joints, parts, frames and coordinates that are hidden, and masks of tokens."""
