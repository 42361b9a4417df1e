"""Published weights of the encoders of this field, one file a family."""
