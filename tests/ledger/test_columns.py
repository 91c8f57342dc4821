"""The columns that a person named are kept for next month's sheet: the last ones that were named, all together."""

from __future__ import annotations

from pathlib import Path

from batch.ledger.orm.connect import connect
from batch.model import Role
from tests.builders import NOON


def test_the_columns_named_last_are_remembered(tmp_path: Path) -> None:
    connect(tmp_path, None)
    from django.db import connections

    from batch.ledger.orm.columns import remember_columns, remembered_columns

    assert remembered_columns() == {}
    remember_columns({Role.AMOUNT: "Crédit du mois", Role.DIRECTION: "Quoi"}, NOON)
    assert remembered_columns() == {Role.AMOUNT: "Crédit du mois", Role.DIRECTION: "Quoi"}
    remember_columns({Role.ADDED: "Plus"}, NOON)
    connect(tmp_path, None)
    assert remembered_columns() == {Role.ADDED: "Plus"}
    connections["default"].close()
