"""Encoders of the sequence representation: one vector of numbers a frame."""
