"""Joining the parts: `dry_run` checks a sheet, `acceptance` records it, `execute` runs it, `doubts` settles doubts."""
