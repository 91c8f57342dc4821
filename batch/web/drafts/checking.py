"""Receiving a sheet's file, and checking what it holds with the balances and the ledger of just now."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import replace
from datetime import timedelta
from pathlib import PurePath
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import SkipFile, TemporaryFileUploadHandler
from django.core.signing import BadSignature, TimestampSigner
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from batch.errors import AlreadyRun, ProviderError, ProviderUnreachable, SettingsError, SheetError, UsageError
from batch.frames import Grid
from batch.i18n import _
from batch.ledger.orm.queries import recall_columns, remember_columns
from batch.ledger.orm.store import DatabaseLedger
from batch.notes import make_note
from batch.runner.acceptance import (
    check_against_ledger,
    find_forecast_obstacle,
    find_repeat_finding,
    find_sheet_obstacle,
    select_unsettled,
)
from batch.runner.dry_run import AccountSnapshot, DryRun, make_dry_run, read_account
from batch.runner.open_account import bind_account, find_account
from batch.sheet import Limits, Reader, open_original
from batch.sheet.source_file import TEXT_SUFFIXES, WORKBOOK_SUFFIXES, Original
from batch.validation.check_sheet import choose_header, keep_titles
from batch.web import credentials
from batch.web.drafts.approval_policy import (
    Options,
    Screen,
    compare_screens,
    digest_screen,
    find_account_change,
    make_screen,
)
from batch.web.drafts.approvals import format_obstacle
from batch.web.drafts.conventions import SheetReading, correct_grid
from batch.web.drafts.versions import add_version, update_checks
from batch.web.models import Draft, Person, StoredFile, Version

LONGEST = 120
_HARMFUL = '<>:"|?*'  # what no file on Windows may have in its name


def clean_file_name(name: str) -> str:
    """Make a name from outside harmless: the last part of a path, without characters that are invisible, turn the text
    around or mean something to a system; "sheet" if nothing is left. The ending stays: it says what the file is.
    """
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    plain = "".join(map(_clean_char, unicodedata.normalize("NFC", base)))
    stem, dot, ending = " ".join(plain.split()).rpartition(".")
    if not dot:
        stem, ending = ending, ""
    stem, ending = stem.strip(". ") or "sheet", ending.strip()[:10]
    suffix = f".{ending}" if ending else ""
    return stem[: LONGEST - len(suffix)] + suffix


def _clean_char(char: str) -> str:
    category = unicodedata.category(char)
    if category in {"Zs", "Zl", "Zp"} or char in "\t\n\r":
        return " "
    if category.startswith("C"):
        return ""
    return "_" if char in _HARMFUL else char


ENDINGS = (*WORKBOOK_SUFFIXES, *TEXT_SUFFIXES)
_MOST_ROWS = 200_000  # rows of a sheet that are kept to be looked at on pages; longer ones are for the command line
_KEPT = timedelta(hours=1)  # how long a file waits for the choice of one of its sheets
_SALT = "creditbatch.drafts.file"


def read_limits() -> Limits:
    """Read how much a sheet may take from the settings."""
    found = credentials.load_provider_settings()
    rows = min(found.max_rows, _MOST_ROWS)
    return Limits.from_settings(file_mb=found.max_file_mb, unpacked_mb=found.max_unpacked_mb, rows=rows)


class BoundedUpload(TemporaryFileUploadHandler):
    """Django's way of writing an upload to a temporary file, which stops writing beyond the limit of a sheet."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file."""
        super().new_file(*args, **kwargs)
        self._received, self._limit = 0, read_limits().file_size

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Take a piece. The rest of a file that is too large is heard but not kept."""
        self._received += len(raw_data)
        if self._received > self._limit:
            self.upload_interrupted()
            if self.request is not None:
                self.request.META["CREDITBATCH_TOO_LARGE"] = "1"
            raise SkipFile
        super().receive_data_chunk(raw_data, start)


def save_upload(request: HttpRequest) -> StoredFile:
    """Store the file of the form; a `SheetError` says why it is refused."""
    file = request.FILES.get("sheet_file")
    if request.META.get("CREDITBATCH_TOO_LARGE"):
        raise SheetError(
            _(
                "The file is larger than the {limit} MB that a sheet may have: "
                "copy the rows that matter into a new file."
            ).format(limit=f"{read_limits().file_size / 1e6:g}")
        )
    if not isinstance(file, UploadedFile):
        raise SheetError(_("No file was chosen: choose the sheet to check."))
    return save_file(clean_file_name(file.name or ""), file.read())


def save_file(name: str, data: bytes) -> StoredFile:
    """Store a file; a `SheetError` for what can be told without looking into it."""
    if PurePath(name).suffix.lower() not in ENDINGS:
        raise SheetError(
            _("{name} is not named like a sheet: save it as one of {endings}.").format(
                name=f"“{name}”", endings=", ".join(ENDINGS)
            )
        )
    if not data:
        raise SheetError(_("{name} is empty (0 bytes): save the sheet again.").format(name=f"“{name}”"))
    return StoredFile.objects.create(name=name, sha256=hashlib.sha256(data).hexdigest(), size=len(data), data=data)


def make_ticket(file: StoredFile, person: Person) -> str:
    """Sign what a form carries instead of the file, for this person only."""
    return TimestampSigner(salt=_SALT).sign(f"{file.pk}:{person.pk}")


def redeem_ticket(text: str, person: Person) -> StoredFile:
    """Find the file of a ticket; `UsageError` if it is old or another's."""
    try:
        file, _colon, owner = TimestampSigner(salt=_SALT).unsign(text, max_age=_KEPT).partition(":")
        if owner != str(person.pk):
            raise BadSignature
        return StoredFile.objects.get(pk=int(file))
    except (BadSignature, StoredFile.DoesNotExist):
        raise UsageError(_("This page was open for too long: choose the file again.")) from None


def forget_unused_files() -> None:
    """Remove the files that became no version: their sheet was never chosen, or they could not be read."""
    used = Version.objects.values("file_id")
    old = timezone.now() - _KEPT
    StoredFile.objects.filter(received_at__lt=old).exclude(pk__in=used).delete()


_PATIENCE = 8.0  # seconds that the provider may take for one answer: somebody is waiting for the page


def check_version(
    draft: Draft, reading: SheetReading, options: Options, person: Person, *, made_by: str, remember: bool = False
) -> Version:
    """Check the sheet with the balances of just now and make it the draft's next version.

    `SheetError` if it cannot be read; `UsageError` if somebody else was quicker. Where the provider cannot be asked it
    cannot be approved. `remember` keeps the columns that were mapped by hand for the next sheet.
    """
    reading, dry_run, problem = check_reading(reading, options, draft.rest_of)
    version = add_version(draft, reading, dry_run, options, person, made_by, problem)
    if remember and (titles := keep_titles(dry_run.sheet, reading.conventions.rules.columns)):
        remember_columns(find_known_account(), titles, timezone.now())
    return version


def create_draft(
    reading: SheetReading, options: Options, person: Person, *, made_by: str = "upload", rest_of: str = ""
) -> Version:
    """Create a draft with its first version; nothing is left of a sheet that cannot be read."""
    reading, dry_run, problem = check_reading(reading, options, rest_of)
    with transaction.atomic():
        draft = Draft.objects.create(created_by=person, rest_of=rest_of)
        return add_version(draft, reading, dry_run, options, person, made_by, problem)


def recheck(version: Version) -> str:
    """Check the version in force with the balances of just now; say why an approver has to see it again, if at all.

    `ProviderUnreachable` if the provider cannot be asked: then everything stays as it is.
    """
    options, reading = Options.from_json(version.options), SheetReading.from_version(version)
    grid, (account, known, problem) = _read_and_ask(reading)
    if account is None:
        raise ProviderUnreachable(make_note("said", words=problem))
    played = _make_dry_run(grid, account, reading, options)
    seen = Screen.from_json(version.screen)
    if not update_checks(version, _check_ledger(played, known, options, version.draft.rest_of)):
        return ""
    now = Screen.from_json(version.screen)
    if another := find_account_change(seen, now):
        return another
    what = "; ".join(compare_screens(seen, now))
    return _("Balances have changed, and with them what you saw: {what}. Review it again.").format(what=what)


def prepare_start(version: Version, account: AccountSnapshot, known: int) -> DryRun:
    """Prepare an approved version with these balances, while the account is held: the same movements in the same order.

    `UsageError` if it must not be started, or is not what was approved any more.
    """
    options, reading = Options.from_json(version.options), SheetReading.from_version(version)
    choices = options.make_choices(version.draft.rest_of)
    played = _make_dry_run(_read_grid(reading), account, reading, options)
    checked = _check_ledger(played, known, options, version.draft.rest_of)
    now = make_screen(checked)
    if another := find_account_change(Screen.from_json(version.screen), now):
        raise UsageError(another)
    repetition = find_repeat_finding(checked)
    if repetition is not None:
        raise AlreadyRun(repetition.message)
    if digest_screen(now, options) != version.screen_digest:
        raise UsageError(
            _("The forecast is no longer what was approved, because balances have changed: approve it again.")
        )
    obstacle = find_sheet_obstacle(checked, choices) or find_forecast_obstacle(checked, choices)
    if obstacle:
        raise UsageError(format_obstacle(obstacle))
    return checked


def check_reading(reading: SheetReading, options: Options, rest_of: str = "") -> tuple[SheetReading, DryRun, str]:
    """Read the sheet, ask the provider, and look in the ledger for batches that look like it.

    Return how it was read, with what was remembered of columns, and why the provider could not be asked.
    """
    grid, (account, known, problem) = _read_and_ask(reading)
    reading, grid = _recall_columns(reading, grid, known)
    played = _make_dry_run(grid, account, reading, options)
    return reading, _check_ledger(played, known, options, rest_of), problem


def _read_and_ask(reading: SheetReading) -> tuple[Grid, _Asked]:
    """Read the sheet while the provider is asked."""
    with _open_reader(reading) as reader:
        asked = _ask_provider()
        return reader.result(), asked


def _read_grid(reading: SheetReading) -> Grid:
    with _open_reader(reading) as reader:
        return reader.result()


def _open_reader(reading: SheetReading) -> Reader:
    file, conventions = reading.file, reading.conventions
    original = Original(file.name, PurePath(file.name).suffix.lower(), bytes(file.data))
    return open_original(original, sheet=conventions.sheet, columns=conventions.named, limits=read_limits())


def _recall_columns(reading: SheetReading, grid: Grid, known: int | None) -> tuple[SheetReading, Grid]:
    """Use the remembered columns if some are not found without: read again, for it may be another sheet."""
    header = choose_header(grid, reading.conventions.rules)
    remembered = {} if header is not None and not header.missing else recall_columns(known)
    if not remembered:
        return reading, grid
    titles = {role.value: title for role, title in remembered.items()}
    told = replace(reading, conventions=replace(reading.conventions, remembered=titles))
    return told, _read_grid(told)


def _make_dry_run(grid: Grid, account: AccountSnapshot | None, reading: SheetReading, options: Options) -> DryRun:
    return make_dry_run(
        correct_grid(grid, reading.corrections),
        account,
        reading.conventions.expected,
        reading.conventions.rules,
        removes_first=options.removes_first,
        at=timezone.now(),
    )


def _check_ledger(played: DryRun, known: int | None, options: Options, rest_of: str) -> DryRun:
    """Leave out what is done already where a list is continued, and find whether it was run before."""
    if known is None:
        return played
    ledger = DatabaseLedger()
    seen = select_unsettled(played, ledger, known, rest_of, despite_alarm=options.again) if rest_of else played
    return check_against_ledger(seen, ledger, known, options.make_choices(rest_of))


_Asked = tuple[AccountSnapshot | None, int | None, str]
"""What the provider says, which account of the ledger that is, and why it could not be asked."""


def _ask_provider() -> _Asked:
    try:
        api_url, key = credentials.load_connection()
    except SettingsError as error:
        return None, None, str(error)
    try:
        with credentials.open_connection(api_url, key, _PATIENCE) as client:
            account = read_account(client, api_url, timezone.now)
    except ProviderError as error:
        return None, find_known_account(), str(error)
    ledger, fingerprint = DatabaseLedger(), key.compute_fingerprint()
    try:
        known = find_account(ledger, api_url, fingerprint, account.owner)
    except UsageError as error:
        # The name and the sub-accounts speak of two accounts: nothing may be sent on either.
        return None, None, str(error)
    if known is not None:
        # From now on the key is known without asking. An account that is new is recorded when it is first run.
        bind_account(ledger, api_url, fingerprint, lambda: account.owner, timezone.now())
    return account, known, ""


def find_known_account() -> int | None:
    """Find the account of the connection in force; None if its key was never used."""
    try:
        api_url, key = credentials.load_connection()
    except SettingsError:
        return None
    return find_account(DatabaseLedger(), api_url, key.compute_fingerprint())
