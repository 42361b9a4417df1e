"""Encoders with one branch over frames and one over joints."""
