"""Steps that bring recordings to one place, size and direction, before any view is made."""
