"""How much a sheet may take. Sheets are untrusted, so every measure of one is bounded."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 2**20
MEGABYTE = 10**6
_CELLS_IN_A_ROW = 5


@dataclass(frozen=True, slots=True)
class Limits:
    """The defaults let a million rows of a text file through, and hold what is hostile to 512 MiB and 8 seconds."""

    file_size: int = 25 * MEGABYTE
    """Bytes of the file."""
    unpacked: int = 300 * MEGABYTE
    """Bytes that a zipped workbook says it unpacks to."""
    parts: int = 10_000
    """Files inside a zipped workbook."""
    rows: int = 1_000_000
    """What is said of a row takes far more memory than its cells, so rows are bounded apart from cells."""
    columns: int = 1_000
    cells: int = _CELLS_IN_A_ROW * 1_000_000
    """The caller holds them all in memory, the blanks of a workbook included."""
    cell_text: int = 32_767
    """Characters of one cell of a text file; Excel holds no more."""
    answer: int = 192 * MEBIBYTE
    """Bytes that the child may answer with."""
    seconds: float = 8
    """Processor time, from the child's start until the grid is complete; a busy machine may take four times as long."""
    memory_mib: int = 400
    """What reading a workbook takes in both processes together, beyond what the caller held before."""

    @classmethod
    def of(cls, *, file_mb: int, unpacked_mb: int, rows: int) -> Limits:
        """The limits that the settings choose. Larger files are given more time and memory in proportion."""
        usual = cls()
        factor = max(1, file_mb * MEGABYTE / usual.file_size, unpacked_mb * MEGABYTE / usual.unpacked)
        return cls(
            file_size=file_mb * MEGABYTE,
            unpacked=unpacked_mb * MEGABYTE,
            rows=rows,
            cells=max(usual.cells, rows * _CELLS_IN_A_ROW),
            answer=int(usual.answer * factor),
            seconds=usual.seconds * factor,
            memory_mib=int(usual.memory_mib * factor),
        )
