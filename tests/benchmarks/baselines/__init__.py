"""What people copy today, written from scratch in the way the field writes it."""
