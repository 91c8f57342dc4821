"""The site's own tables. A draft is a sheet that was uploaded, with its versions; once it is approved and started, its
plan is a batch of the ledger, which is the same that the command line sees.
"""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from batch.ledger.orm.models import EurosField
from batch.money import ZERO


class Person(AbstractBaseUser):
    """Somebody who may log in. Whoever has none of the three roles is a viewer."""

    username = models.CharField(max_length=64, unique=True)
    full_name = models.CharField(max_length=120, blank=True)
    email = models.EmailField(blank=True)
    is_active = models.BooleanField(default=True)
    can_prepare = models.BooleanField(default=False)
    can_approve = models.BooleanField(default=False)
    can_administer = models.BooleanField(default=False)
    language = models.CharField(max_length=2, blank=True)  # empty: what the browser asks for
    created_at = models.DateTimeField(auto_now_add=True)

    objects = BaseUserManager["Person"]()
    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        """Return the name that reports and the audit log give."""
        return self.full_name or self.username


class StoredFile(models.Model):
    """A file as it was uploaded, byte for byte."""

    name = models.TextField()
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    data = models.BinaryField()
    received_at = models.DateTimeField(auto_now_add=True)


class DraftState(models.TextChoices):
    """Where a draft stands. What comes after `started` is the batch's state."""

    CHECKED = "checked"  # waits for correction or for approval
    APPROVED = "approved"  # all approvals are there; may be started
    STARTED = "started"  # it is a batch of the ledger
    REJECTED = "rejected"  # an approver said no, or its preparer withdrew it


class Draft(models.Model):
    """A sheet on its way to becoming a batch."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state = models.CharField(max_length=8, default=DraftState.CHECKED)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(Person, models.PROTECT, related_name="drafts")
    version = models.PositiveIntegerField(default=0)  # the number of the version in force; 0 until the first is checked
    rest_of = models.CharField(max_length=64, blank=True)  # the batch of which only what is not done is sent
    batch = models.CharField(max_length=64, null=True, unique=True)  # null: not started
    rejected_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")  # null: nobody did
    rejected_at = models.DateTimeField(null=True)
    reject_reason = models.TextField(blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["state", "-created_at"])]


class Version(models.Model):
    """A sheet as it was uploaded or corrected, with what the checks said of it. What is in it is never changed, only
    followed; the checks are made again with newer balances.
    """

    draft = models.ForeignKey(Draft, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    made_by = models.CharField(max_length=12)  # what was done to come to it: upload, file, correction, reading, options
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    sheet = models.TextField(null=True)  # null: the file has no sheets
    conventions = models.JSONField(default=dict)
    """How the sheet is to be read: columns mapped by hand, signed, include_hidden, sheet, control totals."""
    corrections = models.JSONField(default=list)
    """Cells corrected on the page, oldest first: {"row", "column", "before", "after", "by", "at"}."""
    options = models.JSONField(default=dict)
    """What the preparer chose for the run: skip_invalid, partial, removes_first, again, why."""
    created_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    columns = models.JSONField(default=list)
    roles = models.JSONField(default=dict)
    findings = models.JSONField(default=list)  # what the checks say of the sheet as a whole
    changes = models.JSONField(null=True)  # null: there is no version before it
    plan_digest = models.CharField(max_length=64)
    screen = models.JSONField(default=dict)
    """All that an approver has to see: the plan and what the forecast says will be refused."""
    screen_digest = models.CharField(max_length=64)  # names that, with the options
    movements = models.PositiveIntegerField(default=0)
    invalid = models.PositiveIntegerField(default=0)
    added = EurosField(default=ZERO)
    removed = EurosField(default=ZERO)
    largest = EurosField(default=ZERO)
    counts = models.JSONField(default=dict)  # rows by status and direction, and by the code of what is said of them
    forecast = models.JSONField(null=True)  # null: the provider could not be asked
    opening = models.JSONField(null=True)  # null: the same
    problem = models.TextField(blank=True)  # why the provider could not be asked, in a sentence
    checked_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["draft", "number"], name="one_version_a_number")]


class DraftRow(models.Model):
    """A row of the version in force: the accountant's cells and what was read in them."""

    version = models.ForeignKey(Version, models.CASCADE, related_name="rows", db_index=False)
    position = models.PositiveIntegerField()
    row = models.PositiveIntegerField()
    cells = models.JSONField()
    findings = models.JSONField(default=list)
    token = models.TextField(null=True)  # null: none could be read
    direction = models.CharField(max_length=6, null=True)  # null: none could be read
    amount = EurosField(null=True)  # null: none could be read
    status = models.CharField(max_length=8)
    refusal = models.PositiveIntegerField(null=True)  # null: it would be done, or is not sent
    short = EurosField(null=True)  # null: the same

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["version", "position"], name="one_row_a_position")]
        indexes: ClassVar = [
            # Each holds all that its order needs, so that a page is found without reading the rows before it.
            models.Index(fields=["version", "status", "position"], name="rows_by_status"),
            models.Index(fields=["version", "token", "position"], name="rows_by_token"),
            models.Index(fields=["version", "amount", "position"], name="rows_by_amount"),
            models.Index(fields=["version", "direction", "position"], name="rows_by_direction"),
        ]


class DraftMark(models.Model):
    """What is said of a row, by its code, so that the rows of which it is said are found without reading all."""

    version = models.ForeignKey(Version, models.CASCADE, related_name="marks", db_index=False)
    code = models.CharField(max_length=40)
    position = models.PositiveIntegerField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["version", "code", "position"], name="marks_by_code")]


class DraftAccount(models.Model):
    """A sub-account that the version in force touches: before, and after by the forecast. The most moved first."""

    version = models.ForeignKey(Version, models.CASCADE, related_name="accounts", db_index=False)
    position = models.PositiveIntegerField()
    token = models.TextField()
    before = EurosField(null=True)  # null: the account has no such sub-account
    added = EurosField()
    removed = EurosField()
    after = EurosField(null=True)  # null: the same

    class Meta:
        indexes: ClassVar = [models.Index(fields=["version", "position"], name="accounts_by_position")]


class Approval(models.Model):
    """A person's agreement to exactly what was on the screen."""

    version = models.ForeignKey(Version, models.CASCADE, related_name="approvals")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    screen_digest = models.CharField(max_length=64)
    confirmed_with = models.CharField(max_length=8)  # "password", "totp", "recovery" or "passkey"
    relaxed = models.JSONField(default=list)  # the site's rules that were relaxed then: codes of `report.agreements`

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["version", "person"], name="one_approval_a_person")]


class JobState(models.TextChoices):
    WAITING = "waiting"  # for its time, or for the next look of the scheduler
    WORKING = "working"  # a worker process has it, or died having it
    ENDED = "ended"  # with or without an error


class Job(models.Model):
    """Something to perform by a worker process: start a draft, or resume a batch. Claimed by a conditional update."""

    draft = models.ForeignKey(Draft, models.CASCADE, null=True, related_name="jobs")  # null: of the command line
    batch = models.CharField(max_length=64, blank=True)  # empty until the ledger has the batch
    state = models.CharField(max_length=8, default=JobState.WAITING)
    asked_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField()
    pid = models.PositiveIntegerField(null=True)  # null: not begun
    pid_started = models.FloatField(null=True)  # null: the same; tells the reuse of a pid
    host = models.TextField(blank=True)  # the machine, as a claim names it
    boot = models.TextField(blank=True, db_default="")  # the same
    began_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    stop_asked_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")  # null: nobody did
    waiting_until = models.DateTimeField(null=True)  # null: it does not wait
    waiting_why = models.TextField(blank=True)
    waits_for = models.CharField(max_length=64, blank=True)
    """The batch of the same account that was begun before and has not ended; empty: none, or not known."""
    error = models.TextField(blank=True)  # why it could not begin or go on, in a sentence

    class Meta:
        indexes: ClassVar = [models.Index(fields=["state", "due_at"])]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["draft"], condition=~models.Q(state="ended"), name="one_job_a_draft_at_a_time"
            ),
            models.UniqueConstraint(
                fields=["batch"],
                condition=~models.Q(state="ended") & ~models.Q(batch=""),
                name="one_job_a_batch_at_a_time",
            ),
        ]


class SiteSettings(models.Model):
    """What an administrator has set; one line. Limits are inclusive: only what is above them needs two approvers.

    What holds of it at a moment, `web.rules` tells.
    """

    four_eyes = models.BooleanField(default=True)
    four_eyes_from = models.DateTimeField(null=True)  # when they are off, if `four_eyes` says so; null: at once
    row_limit = EurosField(null=True)  # null: no limit
    batch_limit = EurosField(null=True)  # null: no limit
    asked_row_limit = EurosField(null=True)  # the same
    asked_batch_limit = EurosField(null=True)  # the same
    limits_from = models.DateTimeField(null=True)  # when those that were asked for hold; null: none were
    limits_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")  # who asked; null: nobody
    language = models.CharField(max_length=2, blank=True)
    """For people who have not chosen and whose browser asks for neither; empty: English."""
    second_factor_roles = models.JSONField(default=list)
    """Whoever has one of these roles enrols a second factor before anything else."""

    @classmethod
    def load(cls) -> SiteSettings:
        """Load what is set; the defaults as long as nobody has set anything."""
        return cls.objects.first() or cls(pk=1)


class Connection(models.Model):
    """The provider's address and the main account's key, encrypted with a key that is not in the database; one line."""

    api_url = models.TextField()
    encrypted_key = models.BinaryField()
    fingerprint = models.CharField(max_length=16)
    set_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    set_at = models.DateTimeField()


class Invitation(models.Model):
    """A one-time link with which somebody chooses a password; only the hash of its secret is kept."""

    secret_sha256 = models.CharField(max_length=64, unique=True)
    person = models.ForeignKey(Person, models.CASCADE, null=True)  # null: it makes the first administrator
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)  # null: still good


class Proposal(models.Model):
    """What one of two people decided about a row in doubt, until the second agrees or says otherwise."""

    batch = models.CharField(max_length=64)
    row = models.PositiveIntegerField()
    attempt = models.PositiveIntegerField()  # the row's last one: of a later doubt it says nothing
    applied = models.BooleanField()
    why = models.TextField()
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["batch", "row"], name="one_proposal_a_row")]


class AuditEntry(models.Model):
    """What somebody did. Never changed and never deleted."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")  # null: nobody was logged in
    who = models.TextField()  # their name at that time
    action = models.CharField(max_length=48, db_index=True)
    subject = models.CharField(max_length=200, blank=True)  # what it was done to: a draft, a batch, a person
    particulars = models.JSONField(default=dict)
    address = models.CharField(max_length=64, blank=True)
