"""Tests of transforms, which share their clips and their battery."""
