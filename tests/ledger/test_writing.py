"""What is written past the ORM is as the ORM would have written it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from batch.ledger.events import AttemptBegan, AttemptEnded
from batch.ledger.lease import name_this_process
from batch.ledger.protocol import Ledger
from batch.model import Status
from tests.builders import ACCESS, new_batch

pytestmark = pytest.mark.usefixtures("database")
TIMES = [
    datetime(2026, 1, 31, 12, tzinfo=timezone(timedelta(hours=2))),
    datetime(2026, 7, 31, 23, 59, 59, 120, tzinfo=UTC),
]

STORED = (
    "SELECT CAST(at AS TEXT) FROM ledger_event",
    "SELECT CAST(until AS TEXT) FROM ledger_account_lease",
    """SELECT CAST(at AS TEXT), CAST(amount AS TEXT), CAST(main_before AS TEXT), CAST(subaccount_before AS TEXT),
    CAST(main_balance AS TEXT), CAST(subaccount_balance AS TEXT) FROM ledger_movement""",
)


@pytest.mark.parametrize("at", TIMES, ids=str)
def test_times_and_amounts_are_kept_as_the_orm_keeps_them(database_ledger: Ledger, at: datetime) -> None:
    from batch.ledger.orm.models import Event, Lease, Movement

    ledger = database_ledger
    ledger.create(new_batch(["sub-1", "12.5", "add"]))
    ledger.hold(ACCESS.account, name_this_process(), at, lambda _lease: False)
    ledger.append("b-1", [AttemptBegan(at, 2, 1, Decimal("1000.000"), Decimal("100.000"))])
    after = Decimal("987.500"), Decimal("112.500")
    ledger.append("b-1", [AttemptEnded(at, 2, 1, "Applied", Status.DONE, 200, None, *after)])
    written = stored()
    for event in Event.objects.all():
        event.save(update_fields=["at"])
    for row in Movement.objects.all():
        row.save(
            update_fields=["amount", "at", "main_before", "subaccount_before", "main_balance", "subaccount_balance"]
        )
    for lease in Lease.objects.all():
        lease.save(update_fields=["until"])
    assert stored() == written
    assert len(written) == 8


def stored() -> list[tuple[str, ...]]:
    from django.db import connection

    found: list[tuple[str, ...]] = []
    with connection.cursor() as cursor:
        for statement in STORED:
            cursor.execute(statement)
            found += sorted(cursor.fetchall())
    return found
