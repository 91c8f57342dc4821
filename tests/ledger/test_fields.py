"""Euros in the tables: thousandths in the column, `Decimal` for whoever asks."""

from __future__ import annotations

from decimal import Decimal

import pytest

from batch.ledger.protocol import Ledger
from tests.builders import NOON, new_batch

pytestmark = pytest.mark.usefixtures("database")


def test_columns_hold_thousandths_and_questions_are_in_euros(database_ledger: Ledger) -> None:
    from django.db import connection
    from django.db.models import Sum

    from batch.ledger.orm.models import Movement

    database_ledger.create(new_batch(["sub-1", "12.5", "add"], ["sub-2", "5", "remove"]))
    with connection.cursor() as cursor:
        cursor.execute("SELECT amount FROM ledger_movement ORDER BY position")
        assert cursor.fetchall() == [(12500,), (5000,)]
    assert list(Movement.objects.order_by("position").values_list("amount", flat=True)) == [Decimal("12.5"), Decimal(5)]
    assert Movement.objects.filter(amount=Decimal("12.5")).count() == 1
    assert Movement.objects.filter(amount__in=[Decimal("5.00")]).count() == 1
    assert Movement.objects.filter(amount__gt=5).count() == 1
    assert Movement.objects.aggregate(Sum("amount")) == {"amount__sum": Decimal("17.5")}
    assert Movement.objects.filter(row=99).aggregate(Sum("amount")) == {"amount__sum": None}


def test_an_amount_that_would_be_rounded_is_not_written(database_ledger: Ledger) -> None:
    from batch.ledger.orm.models import Reading

    database_ledger.create(new_batch(["sub-1", "1", "add"]))
    kept = Reading.objects.count()
    with pytest.raises(ValueError, match="three decimals"):
        Reading.objects.create(batch_id="b-1", at=NOON, purpose="opening", balance=Decimal("0.0001"))
    assert Reading.objects.count() == kept


def test_migrations_have_nothing_to_change() -> None:
    from django.core.management import call_command

    call_command("makemigrations", "ledger", check_changes=True, dry_run=True, verbosity=0)
