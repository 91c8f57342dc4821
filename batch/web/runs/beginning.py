"""An approved draft becomes a batch of the ledger, if it still is what was approved."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from django.db import transaction

from batch.errors import ProviderError, UsageError
from batch.language import _
from batch.ledger.orm.store import DatabaseLedger
from batch.ledger.protocol import Access, Work
from batch.provider.client import Client
from batch.runner.acceptance import Agreed, accept
from batch.runner.dry_run import read_account
from batch.runner.open_account import refuse_unfinished
from batch.web.drafts.checking import choices_of, prepare_start, recheck
from batch.web.drafts.digest import screen_digest
from batch.web.models import Approval, Draft, DraftState, Job, Version
from batch.web.runs.queue import continued_by


def begin(
    job: Job, client: Client, ledger: DatabaseLedger, access: Access, at: datetime
) -> tuple[Work, dict[str, int]]:
    """Check the draft again with today's balances and record it; the job then knows its batch.

    Returns what is to be done, and on which page of the provider's list each sub-account is. If the forecast is not
    what the approvers saw, the draft waits for a new approval, and a `UsageError` says so. `BatchUnfinished` if
    another batch has to end before.
    """
    draft = job.draft
    if draft is None:
        raise AssertionError("only a draft is begun")
    refuse_unfinished(ledger, access.account, continued_by(ledger, access.account, draft))
    version = Version.objects.select_related("file", "draft").get(draft=draft, number=draft.version)
    balances = read_account(client, access.api_url, lambda: at)
    try:
        checked = prepare_start(version, balances, access.account)
    except UsageError:
        _send_back(draft, version)
        raise
    if screen_digest(checked, version.options) != version.screen_digest:
        _send_back(draft, version)
        raise UsageError(
            _("The forecast is no longer what was approved, because balances have changed: approve it again.")
        )
    choices = choices_of(version)
    approvals = Approval.objects.filter(version=version).select_related("person").order_by("at")
    agreed = Agreed(_authors(draft), tuple(str(approval.person) for approval in approvals))
    work = accept(ledger, checked, access, choices, agreed, at)
    job.batch = work.batch
    return work, checked.account.pages if checked.account else {}


def start_with(job: Job, batch: str) -> None:
    """Bind the draft and its job to the batch, in the commit that records it: no draft without its batch, no batch
    without its draft, and nothing started twice. A `UsageError` undoes that commit.
    """
    draft = job.draft
    if draft is None:
        raise AssertionError("only a draft is begun")
    approved = Draft.objects.filter(id=draft.id, state=DraftState.APPROVED, version=draft.version)
    if approved.update(state=DraftState.STARTED, batch=batch) != 1:
        raise UsageError(_("This batch was changed or started by somebody else meanwhile: look at it again."))
    Job.objects.filter(id=job.id).update(batch=batch)


def _authors(draft: Draft) -> str:
    """Whoever made any of its versions, in that order."""
    versions = draft.versions.select_related("created_by").order_by("number")
    return ", ".join(dict.fromkeys(str(version.created_by) for version in versions))


def _send_back(draft: Draft, version: Version) -> None:
    with transaction.atomic():
        Draft.objects.filter(id=draft.id, state=DraftState.APPROVED).update(state=DraftState.CHECKED)
        Approval.objects.filter(version=version).delete()
    # With the checks of just now on the screen, nobody approves what was true before. Without, approving checks again.
    with suppress(ProviderError):
        recheck(version)
