"""Programs that tests drive and that a machine may lack: then they are skipped, and the summary says so loudly."""

from __future__ import annotations

import shutil

import pytest

_SIGN = "IS MISSING"


def found(*names: str) -> str | None:
    """Where the first of these programs is; None if the machine has none of them."""
    return next((path for path in map(shutil.which, names) if path), None)


def needs(title: str, path: str | None, untested: str) -> pytest.MarkDecorator:
    """Skip where the program was not found."""
    return pytest.mark.skipif(path is None, reason=f"{title.upper()} {_SIGN}: {untested}")


def missing(terminal: pytest.TerminalReporter) -> dict[str, int]:
    """What was not tested for want of a program, and how many tests that is."""
    counted: dict[str, int] = {}
    for report in terminal.stats.get("skipped", []):
        if isinstance(report.longrepr, tuple) and _SIGN in report.longrepr[2]:
            why = str(report.longrepr[2]).removeprefix("Skipped: ")
            counted[why] = counted.get(why, 0) + 1
    return counted
