"""Running what was approved: jobs, the worker that performs them, and the pages that show it."""
