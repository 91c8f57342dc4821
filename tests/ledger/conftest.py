"""Both ledgers, so that what is promised of a ledger is tested of each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from batch.ledger.memory import MemoryLedger
from batch.ledger.orm.connect import connect
from batch.ledger.protocol import Ledger
from tests.builders import known_to


@pytest.fixture(params=["memory", "database"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    if request.param == "memory":
        yield known_to(MemoryLedger())
        return
    connect(tmp_path, None)
    from django.db import connections

    from batch.ledger.orm.store import DatabaseLedger

    yield known_to(DatabaseLedger())
    connections["default"].close()
