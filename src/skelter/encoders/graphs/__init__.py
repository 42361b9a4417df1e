"""Encoders that convolve over the bones of a layout, and over time."""
