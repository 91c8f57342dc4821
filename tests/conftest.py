"""What all tests share."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hypothesis import settings

from tests.programs import missing

if TYPE_CHECKING:
    import pytest

# Many tests start the command; without compiled modules each start would compile them all.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A machine that is busy for a moment has found no fault.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

# Whatever this machine speaks, the tests read English unless they choose.
for name in [name for name in os.environ if name.startswith("LC_") or name in {"LANG", "LANGUAGE", "CREDITBATCH_LANG"}]:
    del os.environ[name]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What a machine cannot test is said in capitals, with the number of tests: nobody takes it for passed."""
    for why, number in missing(terminalreporter).items():
        terminalreporter.write_sep("!", f"{number} tests skipped, {why}", yellow=True, bold=True)
