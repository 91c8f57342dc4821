"""Tests of `batch.sheet`."""
