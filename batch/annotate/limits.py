"""How large a workbook may be to be marked: openpyxl holds all of it, in some fifty times the room of its file."""

from __future__ import annotations

XML_SIZE = 24_000_000
"""Bytes of XML that all its sheets and texts unpack to: about 70,000 rows of six columns."""
CELLS = 400_000
"""Cells of a sheet that is written anew."""
SECONDS = 90
MEMORY = 1_500 * 2**20
"""Address space of the child process, in bytes."""
