"""Reading a sheet: a file from anywhere becomes a `Grid`, or one sentence. A workbook is parsed in a child process."""

from __future__ import annotations

from batch.sheet.source_file import Limits
from batch.sheet.subprocess_reader import Reader, SheetReader, open_original, open_sheet, read_sheet

__all__ = ["Limits", "Reader", "SheetReader", "open_original", "open_sheet", "read_sheet"]
