"""One storm: a sheet, a sandbox with faults and drift, a command that is killed again and again, and the truth."""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from batch.sandbox import Sandbox, SandboxOptions
from tests.cli import warm

DRIFT = Decimal("0.045")
MOST_STARTS = 60
_PATIENCE = 60
SETTINGS = {
    "SMSPARTNER_API_KEY": "sandbox-key",
    "CREDITBATCH_SETTLE_SECONDS": "0.3",
    "CREDITBATCH_READ_TIMEOUT": "0.4",
    "CREDITBATCH_BACKOFF_SECONDS": "0.02",
}
FAULTS = (
    "reset-before", "reset-after", "close-before", "close-after", "empty-after", "truncated-before", "garbage-after",
    "500-before", "500-after", "502-html-after", "redirect-before", "contradiction-before", "other-currency", "429",
    "late:seconds=0.15", "hang-after:seconds=0.6", "page-before", "page-after", "twice", "refuse-before:code=77",
    "refuse-after:code=8", "refuse-after:code=77", "refuse-after:code=500",
)  # fmt: skip
SLOW_DOWN_AFTER = "refuse-after:code=429"
"""Not together with readings that lag: for longer than the wait before the look, nobody could see through that."""
STALE = "stale:seconds=0.1"
Claim = tuple[str, str, str]
"""Direction, token and amount: no two rows of a storm's sheet are alike."""


@dataclass(frozen=True)
class Storm:
    """What a storm came to: how often the command was started and killed, and what was asked of a person."""

    starts: int
    kills: int
    decided: int


class Untrue(AssertionError):
    """A claim of the document or of the workbook is not what the sandbox did."""


def storm(seed: int, folder: Path, *, in_full: bool = True) -> Storm:
    """Run a storm in the folder; `Untrue` if a claim is not true.

    A process that is not started in full begins where the libraries are loaded, and is killed so much the earlier.
    """
    rng = random.Random(seed)
    sheet = _write_sheet(rng, folder)
    with Sandbox(SandboxOptions(drift=rng.choice([Decimal(0), DRIFT]), language="en")) as sandbox:
        for kind in [*rng.sample(FAULTS, rng.randint(1, 5)), rng.choice([SLOW_DOWN_AFTER, STALE, STALE])]:
            chance = 0.5 if kind == STALE else 0.15
            parting = "," if ":" in kind else ":"
            sandbox.add_fault(f"{kind}{parting}probability={chance},times=0,seed={rng.randrange(1000)}")
        command = _Command(folder, sandbox, rng, in_full=in_full or not warm.can_fork)
        document = command.until_the_end(sheet)
        _compare(document, sandbox, folder)
    return Storm(command.starts, command.kills, command.decided)


class _Command:
    """Starts the command, kills some of its processes, and decides what it asks."""

    def __init__(self, folder: Path, sandbox: Sandbox, rng: random.Random, *, in_full: bool) -> None:
        self.starts = self.kills = self.decided = 0
        self._run = warm.run_in_full if in_full else warm.run
        self._killed_after = (0.4, 2.5) if in_full else (0.05, 1.0)
        self._folder = folder
        self._sandbox = sandbox
        self._rng = rng
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CREDITBATCH_")}
        home = {"CREDITBATCH_HOME": str(folder / "home"), "CREDITBATCH_API_URL": sandbox.url}
        self._environ = kept | SETTINGS | home

    def until_the_end(self, sheet: Path) -> Any:
        arguments: tuple[str, ...] = ("run", str(sheet), "--yes", "--json")
        while self.starts < MOST_STARTS:
            ended = self._start(*arguments)
            document = json.loads(ended[1]) if ended and ended[1] else {}
            # What could not start, or lost the ledger, says so in a document without a state.
            state = document.get("state")
            if state == "finished":
                return document
            if state == "stopped":
                self._decide(document)
            nothing_yet = document.get("error", {}).get("code") == "no-such-batch"
            arguments = ("run", str(sheet), "--yes", "--json") if nothing_yet else ("resume", "--json")
        raise Untrue(f"the batch does not end in {MOST_STARTS} starts")

    def _start(self, *arguments: str, may_die: bool = True) -> tuple[int, str, str] | None:
        """One process: its exit code, standard output and standard error; None if it was killed."""
        self.starts += 1
        dies = may_die and self._rng.random() < 0.6
        seconds = self._rng.uniform(*self._killed_after) if dies else _PATIENCE
        ended = self._run(arguments, self._folder, self._environ, seconds)
        if ended is None:
            if not dies:
                raise Untrue(f"{arguments[0]} does not end in {_PATIENCE} seconds")
            self.kills += 1
            return None
        code, _out, err = ended
        if "Traceback" in err or code not in {0, 1, 2, 3}:
            raise Untrue(f"exit {code}: {err}")
        return ended

    def _decide(self, document: Any) -> None:
        really = _really(self._sandbox)
        for row in document["rows"]:
            if row["status"] == "unknown" and "do not tell" in str(row["message"]):
                word = "--applied" if really[_claim(row)] else "--not-applied"
                self._start("resolve", document["batch"], str(row["row"]), word, "--why", "looked", may_die=False)
                self.decided += 1


def _write_sheet(rng: random.Random, folder: Path) -> Path:
    rows = []
    for number in range(rng.randint(3, 8)):
        token = f"sub-{rng.randint(1, 29):04d}"
        rows.append(f"{token};{rng.randint(5, 40)},{number:02d};{rng.choice(['ajout', 'ajout', 'retrait'])}")
    path = folder / "sheet.csv"
    path.write_text("Token;Montant;Sens\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def _compare(document: Any, sandbox: Sandbox, folder: Path) -> None:
    really = _really(sandbox)
    claims = {_claim(row): row["status"] for row in document["rows"]}
    for claim, status in claims.items():
        if really[claim] != (status == "done"):
            raise Untrue(f"{claim} is {status}, and was applied {really[claim]} times")
    if set(really) - set(claims):
        raise Untrue(f"applied, and in no row: {set(really) - set(claims)}")
    book = load_workbook(folder / document["report"], read_only=True)
    titles, *lines, _total = book["Rows"].iter_rows(values_only=True)
    written = {line[titles.index("Row in sheet")]: line[titles.index("Status")] for line in lines}
    book.close()
    if written != {row["row"]: row["status"] for row in document["rows"]}:
        raise Untrue("the workbook says something else than the document")


def _really(sandbox: Sandbox) -> Counter[Claim]:
    movements: Any = sandbox.ledger()["movements"]
    return Counter((item["direction"], item["token"], f"{Decimal(item['amount']):.2f}") for item in movements)


def _claim(row: Any) -> Claim:
    return row["direction"], row["token"], row["amount"]
