"""Drafts: a sheet is uploaded, reviewed, corrected, and approved or rejected. Starting it is `batch.web.batches`."""
