"""Which frames a clip shows, in which order and at which speed."""
