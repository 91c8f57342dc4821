"""The accountant's own workbook with what was found marked in it: bad cells in colour and commented, and a list."""

from __future__ import annotations

from batch.annotate.marking import Annotated, annotate

__all__ = ["Annotated", "annotate"]
