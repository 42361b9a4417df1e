"""Layers and steps that several encoders share: attention, pooling, recomputing.

The other folders are built on these modules, which import nothing of them.
"""
