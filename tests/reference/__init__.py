"""Slow oracles, written from the papers with NumPy loops. They import nothing of skelter."""
