"""How much a sheet may take. Sheets are untrusted, so every measure of one is bounded."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 2**20


@dataclass(frozen=True, slots=True)
class Limits:
    """The defaults let 100,000 rows of six columns through, and keep a check within 512 MiB and 10 s altogether."""

    file_size: int = 25_000_000
    """Bytes of the file."""
    unpacked: int = 300_000_000
    """Bytes that a zipped workbook says it unpacks to."""
    parts: int = 10_000
    """Files inside a zipped workbook."""
    rows: int = 110_000
    """What is said of a row takes far more memory than its cells, so rows are bounded apart from cells."""
    columns: int = 1_000
    cells: int = 3_000_000
    """Rows times columns, blanks included: the caller holds them all in memory."""
    cell_text: int = 32_767
    """Characters of one cell of a text file; Excel holds no more."""
    answer: int = 96 * MEBIBYTE
    """Bytes that the child may answer with."""
    seconds: float = 7.5
    """From the child's start until the grid is complete."""
    memory_mib: int = 400
    """What reading takes in both processes together, beyond what the caller held before."""
