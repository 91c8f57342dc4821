"""Checking a CSV file of a million rows: against pandas, which only reads it."""

from __future__ import annotations

from collections.abc import Iterator

from bench.measuring import Effort, folder, process, python, turn_about
from bench.providers import address, provider
from bench.results import Answer, compared
from bench.running import command
from bench.sheets import text

ROWS = 1_000_000
LIMITS = {"CREDITBATCH_MAX_FILE_MB": "100", "CREDITBATCH_MAX_ROWS": "1300000"}
"""Six columns of a million rows are more than a sheet may have unless somebody says so."""
_TO_REACH = 2.5
_READ = "import sys, pandas; pandas.read_csv(sys.argv[1], sep=';', dtype=str)"


def answers(effort: Effort) -> Iterator[Answer]:
    """The figures."""
    rows = effort.of(ROWS)
    with folder() as home, provider() as port:
        sheet = text(home / "sheet.csv", rows)
        taken = turn_about(
            effort.repeats,
            ours=lambda: command(home, address(port), "check", sheet, settings=LIMITS)[0],
            pandas=lambda: process(python("-c", _READ, sheet), cwd=home)[0],
        )
    ours, other = taken["ours"], taken["pandas"]
    question = f"check, CSV of {rows:,} rows, against pandas"
    figures = f"{ours.seconds:.1f} s and {ours.mib:.0f} MiB, pandas {other.seconds:.1f} s and {other.mib:.0f} MiB"
    yield compared(question, ours.seconds, other.seconds, _TO_REACH, figures)
