"""Every ledger, so that what is promised of a ledger is tested of each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from batch.ledger.orm.connection import connect
from batch.ledger.protocol import Ledger
from tests.builders import known_to
from tests.ledger_in_memory import MemoryLedger
from tests.postgres import ON_POSTGRES

if TYPE_CHECKING:
    from batch.ledger.orm.store import DatabaseLedger

DATABASES = ["database", pytest.param("postgres", marks=ON_POSTGRES)]


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    """A ledger's tables in each kind of database, for a test that speaks to them itself."""
    with _opened(request, tmp_path):
        yield


@pytest.fixture(params=["memory", *DATABASES])
def empty_ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    if request.param == "memory":
        yield known_to(MemoryLedger())
        return
    with _opened(request, tmp_path):
        from batch.ledger.orm.store import DatabaseLedger

        yield known_to(DatabaseLedger())


@pytest.fixture
def database_ledger(database: None) -> DatabaseLedger:
    from batch.ledger.orm.store import DatabaseLedger

    return known_to(DatabaseLedger())


@contextmanager
def _opened(request: pytest.FixtureRequest, home: Path) -> Iterator[None]:
    connect(home, request.getfixturevalue("postgres_url") if request.param == "postgres" else None)
    from django.db import connections

    yield
    connections["default"].close()
