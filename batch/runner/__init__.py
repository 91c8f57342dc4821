"""Joining the parts: `dry_run` checks a sheet, `perform` runs a batch, `settling` finds out about doubts."""
