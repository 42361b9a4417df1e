"""The body, movements, and camera behind `skelter.data.synthetic`."""
