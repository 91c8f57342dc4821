"""The columns that a person named are kept for the account's next sheet: the last ones, all together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batch.model import ColumnRole
from batch.planning.account_identity import Owner
from tests.builders import NOON, known_to

if TYPE_CHECKING:
    from batch.ledger.orm.store import DatabaseLedger


def test_the_columns_named_last_are_remembered(database_ledger: DatabaseLedger) -> None:
    from batch.ledger.orm.queries import recall_columns, remember_columns

    other, _is_new = database_ledger.bind_key("https://elsewhere:443", "0" * 16, Owner("other", ()), NOON)
    assert recall_columns(1) == {}
    remember_columns(1, {ColumnRole.AMOUNT: "Crédit du mois", ColumnRole.DIRECTION: "Quoi"}, NOON)
    assert recall_columns(1) == {ColumnRole.AMOUNT: "Crédit du mois", ColumnRole.DIRECTION: "Quoi"}
    assert recall_columns(other) == {}
    remember_columns(1, {ColumnRole.ADDED: "Plus"}, NOON)
    assert recall_columns(1) == {ColumnRole.ADDED: "Plus"}


def test_what_was_named_while_no_account_was_known_is_kept_for_the_next_that_is_met(database: None) -> None:
    from batch.ledger.orm.queries import recall_columns, remember_columns
    from batch.ledger.orm.store import DatabaseLedger

    remember_columns(None, {ColumnRole.AMOUNT: "Montant"}, NOON)
    known_to(DatabaseLedger())
    assert (recall_columns(1), recall_columns(None)) == ({ColumnRole.AMOUNT: "Montant"}, {})
