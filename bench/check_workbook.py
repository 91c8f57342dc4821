"""Checking a workbook of 100,000 rows: against pandas, which only reads it."""

from __future__ import annotations

from collections.abc import Iterator

from bench.measuring import Effort, Measure, folder, process, python, turn_about
from bench.providers import address, provider
from bench.results import Answer, compared
from bench.running import command
from bench.sheets import workbook

ROWS = 100_000


def answers(effort: Effort) -> Iterator[Answer]:
    """The figures, and what they must not pass."""
    rows = effort.of(ROWS)
    with folder() as home, provider() as port:
        sheet = workbook(home / "sheet.xlsx", rows)

        def pandas(engine: str) -> Measure:
            read = f"import sys, pandas; pandas.read_excel(sys.argv[1], engine={engine!r})"
            return process(python("-c", read, sheet), cwd=home)[0]

        taken = turn_about(
            effort.repeats,
            ours=lambda: command(home, address(port), "check", sheet)[0],
            calamine=lambda: pandas("calamine"),
            openpyxl=lambda: pandas("openpyxl"),
        )
    ours = taken["ours"]
    for engine, most in (("calamine", 2.5), ("openpyxl", 0.35)):
        other = taken[engine]
        figures = f"{ours.seconds:.1f} s and {ours.mib:.0f} MiB, pandas {other.seconds:.1f} s and {other.mib:.0f} MiB"
        question = f"check, workbook of {rows:,} rows, against pandas with {engine}"
        yield compared(question, ours.seconds, other.seconds, most, figures)
