"""Tests of `batch.evidence`."""
