"""Tests of evaluation, which share their clips and encoders."""
