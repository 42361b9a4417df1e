"""The transformer over patches of frames and joints, its decoder, and tokens of clips."""
