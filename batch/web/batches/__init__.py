"""Batches on the site: their pages, their jobs and the worker that runs them."""
