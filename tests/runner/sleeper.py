"""`python -m tests.runner.sleeper HOME URL`: a process that runs batch b-1, to be put to sleep in the middle of it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from batch.errors import LedgerError
from batch.ledger.lease import name_this_process
from batch.ledger.orm.connection import connect
from batch.provider.client import Client
from batch.provider.http import HttpTransport
from batch.runner.execute import perform
from batch.runner.session import Environment
from batch.settings import Secret
from tests.builders import ACCESS
from tests.runner.worlds import OPTIONS, Clock

CONNECT_SECONDS = 30.0


def main() -> None:
    home, url = Path(sys.argv[1]), sys.argv[2]
    connect(home, None)
    from batch.ledger.orm.store import DatabaseLedger

    ledger = DatabaseLedger()
    client = Client(
        HttpTransport(url, connect_timeout=CONNECT_SECONDS, read_timeout=5), Secret("a-key"), answers="json"
    )
    nobody = Clock()
    ledger.hold(ACCESS.account, name_this_process(), datetime.now(UTC), lambda _lease: False)
    try:
        perform(Environment(client, ledger, lambda: datetime.now(UTC), nobody, nobody), ledger.work("b-1"), OPTIONS, {})
    except LedgerError as error:
        print(error)


if __name__ == "__main__":
    main()
