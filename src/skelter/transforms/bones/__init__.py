"""Lengths of bones, and postures and statistics taken over from another clip."""
