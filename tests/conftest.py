"""What all tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import settings

from batch.zone import ZONE, set_zone
from tests.programs import missing

if TYPE_CHECKING:
    from tests.evidence.authority import Authority
    from tests.postgres import Server

# Many tests start the command; without compiled modules each start would compile them all.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Some examples of each property with every change, hundreds by `make test-properties`. No deadline: a machine that is
# busy for a moment has found no fault.
settings.register_profile("quick", deadline=None, max_examples=40)
settings.register_profile("thorough", deadline=None, max_examples=300)
settings.load_profile(os.environ.get("CREDITBATCH_EXAMPLES", "quick"))

# Whatever this machine speaks, the tests read English unless they choose.
for name in [name for name in os.environ if name.startswith("LC_") or name in {"LANG", "LANGUAGE", "CREDITBATCH_LANG"}]:
    del os.environ[name]
# Nor do they depend on where it stands; in processes that they start, neither.
os.environ[ZONE] = "UTC"
set_zone(ZoneInfo("UTC"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What a machine cannot test is said in capitals, with the number of tests: nobody takes it for passed."""
    for why, number in missing(terminalreporter).items():
        terminalreporter.write_sep("!", f"{number} tests skipped, {why}", yellow=True, bold=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server, for tests that are marked with `ON_POSTGRES`."""
    from tests.postgres import server

    with server() as running:
        yield running


@pytest.fixture
def postgres_url(postgres: Server) -> Iterator[str]:
    """The address of a new database on it."""
    with postgres.database() as url:
        yield url


@pytest.fixture(scope="module")
def running_authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    from tests.evidence.authority import start_authority

    with start_authority(tmp_path_factory.mktemp("authority")) as authority:
        yield authority


@pytest.fixture
def authority(running_authority: Authority) -> Authority:
    """A local authority for time stamps, which stamps what it is asked for until its manner is changed."""
    running_authority.manner = "stamp"
    running_authority.questions.clear()
    return running_authority
