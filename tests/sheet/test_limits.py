from __future__ import annotations

from batch.settings import load_settings
from batch.sheet.source_file import Limits


def test_the_settings_defaults_are_the_limits_defaults() -> None:
    settings = load_settings({})
    limits = Limits.from_settings(
        file_mb=settings.max_file_mb, unpacked_mb=settings.max_unpacked_mb, rows=settings.max_rows
    )
    assert limits == Limits()


def test_larger_files_are_given_more_time_and_memory() -> None:
    limits = Limits.from_settings(file_mb=50, unpacked_mb=900, rows=10)
    assert (limits.file_size, limits.unpacked, limits.rows) == (50_000_000, 900_000_000, 10)
    assert (limits.seconds, limits.memory_mib) == (3 * Limits().seconds, 3 * Limits().memory_mib)


def test_smaller_files_are_not_given_less() -> None:
    limits = Limits.from_settings(file_mb=1, unpacked_mb=1, rows=1)
    assert (limits.seconds, limits.memory_mib, limits.cells) == (Limits().seconds, Limits().memory_mib, Limits().cells)
