"""Noise that is added to positions, and filters along time that take it away."""
