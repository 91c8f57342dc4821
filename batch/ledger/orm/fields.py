"""Euros in a table: `Decimal` for whoever reads and writes, whole thousandths in the column."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Combinable, Expression

from batch.money import from_thousandths, to_thousandths


class EurosField(models.BigIntegerField):  # type: ignore[type-arg]
    """An amount or a balance. Filters and sums take and give `Decimal` as well."""

    if TYPE_CHECKING:
        # What the stubs of Django call the types that a field takes and gives.
        _pyi_private_set_type: Decimal | Combinable  # type: ignore[assignment]
        _pyi_private_get_type: Decimal  # type: ignore[assignment]
        _pyi_lookup_exact_type: Decimal  # type: ignore[assignment]

    def deconstruct(self) -> Any:
        """Tell migrations that it is a column of whole numbers, which is all that they are to know of it."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.BigIntegerField", args, kwargs

    def from_db_value(
        self, value: int | None, _expression: Expression, _connection: BaseDatabaseWrapper
    ) -> Decimal | None:
        """Give the amount that a column holds, or the sum of such."""
        return None if value is None else from_thousandths(value)

    def get_prep_value(self, value: Any) -> int | None:
        """Give what the column is to hold, or to be compared with."""
        return prepare_euros(value)


def prepare_euros(amount: Decimal | None) -> int | None:
    """Give what the column of an amount holds, for statements that do not go through the field; None is NULL."""
    return None if amount is None else to_thousandths(amount)
