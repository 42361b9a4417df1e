"""Transforms made of transforms: chains, choices, several views, and plain functions."""
