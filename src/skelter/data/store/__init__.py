"""Stores of clips of any length, their files, and the batches that training takes from them."""
