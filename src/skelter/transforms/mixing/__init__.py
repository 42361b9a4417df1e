"""Clips mixed with others of their batch."""
