"""The ledger's tables. Money is whole thousandths of a euro. Events are only ever added; all else can be replayed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Batch(models.Model):
    """An accepted plan and where it stands."""

    name = models.CharField(max_length=64, primary_key=True)
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
    account = models.TextField()
    key_fingerprint = models.CharField(max_length=16)
    created_at = models.DateTimeField(db_index=True)
    running_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    events_count = models.PositiveIntegerField(default=0)
    last_hash = models.CharField(max_length=64)


class Movement(models.Model):
    """A row of the sheet and what has become of it; `position` counts the sheet's rows, `turn` is the order of sending.

    A row with an error has no turn: it is never sent.
    """

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="movements")
    position = models.PositiveIntegerField()
    row = models.PositiveIntegerField()
    turn = models.PositiveIntegerField(null=True)
    cells = models.JSONField()
    findings = models.JSONField()
    token = models.TextField(null=True)  # null: none could be read
    direction = models.CharField(max_length=6, null=True)  # null: none could be read
    amount = models.BigIntegerField(null=True)
    status = models.CharField(max_length=8)
    code = models.IntegerField(null=True)
    message = models.TextField(null=True)  # null: the provider gave none
    note = models.TextField(null=True)  # null: there is nothing to add
    main_balance = models.BigIntegerField(null=True)
    subaccount_balance = models.BigIntegerField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["batch", "position"], name="one_movement_a_position"),
            models.UniqueConstraint(fields=["batch", "row"], name="one_movement_a_row"),
        ]


class Attempt(models.Model):
    """One HTTP call made for a movement: the balances known before it, and what it came to once that is known."""

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="attempts")
    row = models.PositiveIntegerField()
    number = models.PositiveIntegerField()
    began_at = models.DateTimeField()
    main_before = models.BigIntegerField(null=True)
    subaccount_before = models.BigIntegerField(null=True)
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=16, null=True)  # null: not known

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["batch", "row", "number"], name="one_attempt_a_number"),
        ]


class Reading(models.Model):
    """A balance as the provider gave it; without a token it is the main account's."""

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="readings")
    at = models.DateTimeField()
    purpose = models.CharField(max_length=16)
    token = models.TextField(null=True)  # null: the main account, which has no token
    balance = models.BigIntegerField()


class Event(models.Model):
    """One line of the audit trail. Never changed and never deleted."""

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="events")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    kind = models.CharField(max_length=32)
    data = models.JSONField()
    hash = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["batch", "number"], name="one_event_a_number"),
        ]


class Lease(models.Model):
    """Who runs on an account just now. One line an account, so that two runners cannot both have it."""

    account = models.CharField(max_length=64, primary_key=True)
    machine = models.TextField()
    host = models.TextField()
    pid = models.PositiveIntegerField()
    started = models.FloatField()
    batch = models.CharField(max_length=64, null=True)  # null: it has no name yet
    since = models.DateTimeField()
    until = models.DateTimeField()
