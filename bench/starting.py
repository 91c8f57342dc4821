"""What is asked often and takes little: `--help`, the check of a short sheet, and `resume` with nothing to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.batches import copy_batch, record_finished
from bench.measuring import Effort, folder, process, python, turn_about
from bench.providers import address, provider
from bench.results import Answer, limited
from bench.running import command, database
from bench.sheets import workbook

BATCHES = 1_000
ROWS = 1_000
SHEET_ROWS = 40


def answers(effort: Effort) -> Iterator[Answer]:
    """0.25 s, 1.5 s and 1 s."""
    batches, rows = effort.of(BATCHES), effort.of(ROWS)
    with folder() as home, provider() as port:
        url = address(port)
        sheet = workbook(home / "sheet.xlsx", SHEET_ROWS)
        full = home / "full"
        _fill(full / "ledger", batches, rows)
        taken = turn_about(
            effort.repeats,
            nothing=lambda: process(python("-c", ""), cwd=home)[0],
            help=lambda: command(home, url, "--help")[0],
            check=lambda: command(home, url, "check", sheet)[0],
            resume=lambda: command(full, url, "resume")[0],
        )
    empty = f"an empty Python {taken['nothing'].seconds:.2f} s"
    wanted = (
        ("help", "--help", 0.25),
        ("check", f"check of a sheet of {SHEET_ROWS} rows", 1.5),
        ("resume", f"resume with nothing to do among {batches:,} batches of {rows:,} rows", 1),
    )
    for name, question, most in wanted:
        seconds = taken[name].seconds
        yield limited(question, seconds, most, "s", f"{seconds:.2f} s, {empty}")


def _fill(home: Path, batches: int, rows: int) -> None:
    """One batch is recorded, and the others are its copies under other names: the first is the newest."""
    with database(home) as ledger:
        record_finished(ledger, rows, "b-0")
        for number in range(1, batches):
            copy_batch("b-0", f"a-{number}")
