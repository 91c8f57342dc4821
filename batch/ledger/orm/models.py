"""The ledger's tables. Euros are `Decimal` for whoever reads and writes, whole thousandths in the column."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

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
        """Tell migrations only that it is a column of whole numbers."""
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


class Account(models.Model):
    """Whose credit it is: an address in normal form and the owner that the provider names there."""

    address = models.TextField(db_index=True)
    name = models.TextField(blank=True)
    """Empty: the provider has not named the owner yet."""
    tokens = models.JSONField(default=list)
    """Some of the sub-accounts that it was first seen with; those that its batches read are known besides."""
    created_at = models.DateTimeField()


class AccountKey(models.Model):
    """A key that an account was used with, by its fingerprint. A renewed key is the same account."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="keys")
    address = models.TextField()
    fingerprint = models.CharField(max_length=16)
    first_used_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["address", "fingerprint"], name="one_account_a_key")]


class Batch(models.Model):
    """An accepted plan and where it stands."""

    name = models.CharField(max_length=64, primary_key=True)
    number = models.PositiveBigIntegerField(db_index=True)
    """Counts the batches as they were accepted, whatever the clock said then."""
    account = models.ForeignKey(Account, models.PROTECT, related_name="batches")
    state = models.CharField(max_length=16)
    reason = models.TextField(null=True)  # null: it did not stop, which is not an empty reason
    file_name = models.TextField()
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    sheet = models.TextField(null=True)  # null: the file has no sheets
    digest = models.CharField(max_length=64, db_index=True)
    columns = models.JSONField()
    roles = models.JSONField()
    findings = models.JSONField()
    api_url = models.TextField()
    owner = models.TextField()
    """The main account's user name as the provider gave it when the plan was accepted."""
    key_fingerprint = models.CharField(max_length=16)
    created_at = models.DateTimeField(db_index=True)
    running_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    events_count = models.PositiveIntegerField(default=0)
    last_hash = models.CharField(max_length=64)
    people = models.JSONField(null=True)  # null: recorded before people were
    options = models.JSONField(default=list)
    """What was chosen for it, as it holds now."""


class Movement(models.Model):
    """A row of the sheet and what has become of it; `position` counts the sheet's rows, `turn` is the order of sending.

    A row with an error has no turn: it is never sent.
    """

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="movements", db_index=False)
    position = models.PositiveIntegerField()
    row = models.PositiveIntegerField()
    turn = models.PositiveIntegerField(null=True)
    cells = models.JSONField()
    findings = models.JSONField()
    token = models.TextField(null=True)  # null: none could be read
    direction = models.CharField(max_length=6, null=True)  # null: none could be read
    amount = EurosField(null=True)
    status = models.CharField(max_length=8)
    code = models.IntegerField(null=True)
    message = models.TextField(null=True)  # null: the provider gave none
    note = models.TextField(null=True)  # null: there is nothing to add
    main_balance = EurosField(null=True)
    subaccount_balance = EurosField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    at = models.DateTimeField(null=True)
    attempted_at = models.DateTimeField(null=True)  # when its last attempt began
    # The balances known before its last attempt: what a doubt about it is settled against.
    main_before = EurosField(null=True)
    subaccount_before = EurosField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["batch", "position"], name="one_movement_a_position"),
            models.UniqueConstraint(fields=["batch", "row"], name="one_movement_a_row"),
        ]
        indexes: ClassVar = [
            # Holds all that a tally needs, so that counting reads no row.
            models.Index(fields=["batch", "status", "direction", "amount"], name="movements_by_status"),
            models.Index(fields=["token", "batch"], name="movements_by_token"),
        ]


class Reading(models.Model):
    """A balance as the provider gave it; without a token it is the main account's."""

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="readings", db_index=False)
    at = models.DateTimeField()
    purpose = models.CharField(max_length=16)
    token = models.TextField(null=True)  # null: the main account, which has no token
    balance = EurosField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["batch", "token"], name="readings_by_token")]


class Numbering(models.Model):
    """Numbers that one event gave to entries of a batch: which row has which, the event says."""

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="numberings")
    journal = models.TextField()
    closes_on = models.DateField()
    first = models.PositiveIntegerField()
    last = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["journal", "closes_on", "first"], name="one_entry_a_number")
        ]


class Event(models.Model):
    """One line of the audit trail. Never changed and never deleted."""

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="events", db_index=False)
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    kind = models.CharField(max_length=32)
    data = models.JSONField()
    hash = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["batch", "number"], name="one_event_a_number")]


class SheetFile(models.Model):
    """A sheet's file as it was sent in, byte for byte; of one that was sent in twice there is one."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    data = models.BinaryField()


class Lease(models.Model):
    """Who runs on an account just now. One line an account, so that two runners cannot both have it.

    It stays when the account is given back, so that `fence` only ever grows: whoever holds the account writes with the
    number that was given then, and of an older number nothing is taken.
    """

    account = models.OneToOneField(Account, models.PROTECT, primary_key=True)
    fence = models.PositiveBigIntegerField()
    is_held = models.BooleanField()
    machine = models.TextField()
    boot = models.TextField()
    host = models.TextField()
    pid = models.PositiveIntegerField()
    started = models.FloatField()
    batch = models.CharField(max_length=64, null=True)  # null: it has no name yet
    since = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        # Another table than that of older versions: a program of theirs that still runs finds none, and sends nothing.
        db_table = "ledger_account_lease"


class ColumnTitle(models.Model):
    """Which title a person named for a column, kept for the account's next sheet."""

    account = models.ForeignKey(Account, models.PROTECT, null=True)  # null: named while no account was known
    role = models.CharField(max_length=16)
    title = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "role"], name="one_title_a_role")]
