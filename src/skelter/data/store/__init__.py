"""Stores of clips, and what trains on them."""
