"""Checking a draft by what the command line calls: the sheet is read in its child process while the provider is asked.

The worker that starts an approved draft comes here as well, so that what is started is what was checked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import PurePath

from django.db import transaction

from batch.errors import ProviderError, ProviderUnreachable, SettingsError, UsageError
from batch.language import _
from batch.ledger.orm.columns import remember_columns, remembered_columns
from batch.ledger.orm.store import DatabaseLedger
from batch.ledger.protocol import BatchKey
from batch.model import Grid
from batch.rules.checks import header_of
from batch.rules.conventions import titles_to_keep
from batch.runner.consent import Consent, already_run, obstacle_in_forecast, obstacle_in_sheet
from batch.runner.dry_run import Account, DryRun, dry_run, read_account
from batch.runner.likeness import with_likeness
from batch.runner.unsettled import only_unsettled
from batch.sheet import Reader, open_original
from batch.sheet.original import Original
from batch.web import vault
from batch.web.drafts.conventions import Conventions
from batch.web.drafts.corrections import Correction, corrected
from batch.web.drafts.digest import Options, screen_digest
from batch.web.drafts.receiving import limits
from batch.web.drafts.store import Checked, Making, add_version, check_again
from batch.web.drafts.words import obstacle_sentence
from batch.web.models import Draft, Person, StoredFile, Version

_PATIENCE = 8.0
"""Seconds that the provider may take for one answer: somebody is waiting for the page."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A file, and how it is to be read."""

    file: StoredFile
    conventions: Conventions
    corrections: tuple[Correction, ...] = ()

    @classmethod
    def of(cls, version: Version) -> Reading:
        """As a version was read."""
        return cls(
            version.file,
            Conventions.from_json(version.conventions),
            tuple(Correction.from_json(kept) for kept in version.corrections),
        )


def check_version(
    draft: Draft, reading: Reading, options: Options, person: Person, *, made_by: str, remember: bool = False
) -> Version:
    """Check the sheet with the balances of just now and make it the draft's next version.

    `SheetError` if it cannot be read; `UsageError` if somebody else has changed the draft meanwhile. Where the provider
    cannot be asked the version says so, and cannot be approved. `remember` keeps the columns that were mapped by hand
    for the next sheet.
    """
    checked = check(reading, options, rest_of=draft.rest_of)
    version = add_version(draft, checked, Making(made_by, reading.file, reading.corrections, options, person))
    if remember and (titles := titles_to_keep(checked.dry_run.sheet, checked.conventions.rules.columns)):
        remember_columns(titles, _now())
    return version


def new_draft(reading: Reading, options: Options, person: Person) -> Draft:
    """A draft with its first version; nothing is left of a sheet that cannot be read."""
    checked = check(reading, options)
    with transaction.atomic():
        draft = Draft.objects.create(created_by=person)
        add_version(draft, checked, Making("upload", reading.file, reading.corrections, options, person))
    return draft


def recheck(version: Version) -> bool:
    """Check the version in force with the balances of just now. True if an approver has to see it again.

    `ProviderUnreachable` if the provider cannot be asked: then everything stays as it is.
    """
    options, reading = Options.from_json(version.options), Reading.of(version)
    with _opened(reading) as reader:
        account, key, problem = _ask()
        grid = reader.result()
    if account is None or key is None:
        raise ProviderUnreachable(problem)
    played = _dry_run(grid, account, reading, options)
    return check_again(version, _in_ledger(played, key, options, version.draft.rest_of))


def load_dry_run(version: Version, account: Account | None = None) -> DryRun:
    """The version as a dry run, read again from its file; without an account, as if offline."""
    reading = Reading.of(version)
    with _opened(reading) as reader:
        grid = reader.result()
    return _dry_run(grid, account, reading, Options.from_json(version.options))


def prepare_start(version: Version, account: Account) -> DryRun:
    """What an approved version starts, with these balances: the same movements, in the same order.

    Ask while the account is held. `UsageError` if it must not be started; whether it still is what was approved is for
    `screen_digest` to say.
    """
    options, consent = Options.from_json(version.options), consent_of(version)
    checked = _in_ledger(load_dry_run(version, account), _key(), options, version.draft.rest_of)
    if checked.repeats and not options.again:
        raise UsageError(
            _("Exactly these movements were run as batch {batch} meanwhile: look at it again.").format(
                batch=checked.repeats
            )
        )
    if screen_digest(checked.dry_run, options) == version.screen_digest:
        # What was approved had nothing in its way; what has changed is for its approvers to see.
        obstacle = obstacle_in_sheet(checked.dry_run, consent) or obstacle_in_forecast(checked.dry_run, consent)
        if obstacle:
            raise UsageError(obstacle_sentence(obstacle))
    return checked.dry_run


def consent_of(version: Version) -> Consent:
    """What its preparer chose, as the runner knows it."""
    return Options.from_json(version.options).consent_for(version.draft.rest_of)


def check(reading: Reading, options: Options, *, rest_of: str = "") -> Checked:
    """Read the sheet, ask the provider, and look in the ledger for batches that look like it."""
    with _opened(reading) as reader:
        account, key, problem = _ask()
        grid = reader.result()
    reading, grid = _with_memory(reading, grid)
    played = _dry_run(grid, account, reading, options)
    if key is None:
        return Checked(played, problem=problem, conventions=reading.conventions)
    checked = _in_ledger(played, key, options, rest_of)
    return replace(checked, problem=problem, conventions=reading.conventions)


def _opened(reading: Reading) -> Reader:
    file, conventions = reading.file, reading.conventions
    original = Original(file.name, PurePath(file.name).suffix.lower(), bytes(file.data))
    return open_original(original, sheet=conventions.sheet, columns=conventions.named, limits=limits())


def _with_memory(reading: Reading, grid: Grid) -> tuple[Reading, Grid]:
    """With what is remembered of columns, if some are not found without: read again, for it may be another sheet."""
    header = header_of(grid, reading.conventions.rules)
    remembered = {} if header is not None and not header.missing else remembered_columns()
    if not remembered:
        return reading, grid
    titles = {role.value: title for role, title in remembered.items()}
    known = replace(reading, conventions=replace(reading.conventions, remembered=titles))
    with _opened(known) as reader:
        return known, reader.result()


def _dry_run(grid: Grid, account: Account | None, reading: Reading, options: Options) -> DryRun:
    return dry_run(
        corrected(grid, reading.corrections),
        account,
        reading.conventions.expected,
        reading.conventions.rules,
        removes_first=options.removes_first,
        at=_now(),
    )


def _in_ledger(played: DryRun, key: BatchKey, options: Options, rest_of: str) -> Checked:
    """With what the ledger knows: what is done already where a list is continued, and batches that look like it."""
    ledger = DatabaseLedger()
    seen = with_likeness(played, ledger, key)
    if rest_of:
        seen = only_unsettled(seen, ledger, key, rest_of)
    earlier = already_run(ledger, seen.plan.digest, key, options.consent_for(rest_of))
    return Checked(seen, (earlier.batch or "") if earlier else "")


def _ask() -> tuple[Account | None, BatchKey | None, str]:
    """What the provider says, whose account it is, and why it could not be asked."""
    key = None
    try:
        key = _key()
        with vault.open_client(_PATIENCE) as client:
            return read_account(client, key.api_url, _now), key, ""
    except (ProviderError, SettingsError) as error:
        return None, key, str(error)


def _key() -> BatchKey:
    api_url, secret = vault.provider()
    return BatchKey(api_url, secret.fingerprint())


def _now() -> datetime:
    return datetime.now(UTC)
