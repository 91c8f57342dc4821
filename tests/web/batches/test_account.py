"""An approval is for one account: another behind the key voids it, a renewed key of the same does not."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from batch.runner import dry_run
from batch.sandbox import Sandbox, SandboxOptions
from batch.settings import Secret
from batch.web import credentials
from batch.web.batches import jobs, run_job
from batch.web.drafts import checking
from batch.web.models import Approval, Draft, DraftState, Person, Version
from tests.web.batches.conftest import Approved, Performed, finish
from tests.web.conftest import PASSWORD, People
from tests.web.drafts.sheets import GOOD, look, newest, upload


def connect(sandbox: Sandbox, person: Person, key: str = "sandbox-key") -> None:
    """As the page of the connection does it."""
    credentials.save_connection(sandbox.url, Secret(key), person)


def was_sent_back(draft: Draft) -> bool:
    draft.refresh_from_db()
    return draft.state == DraftState.CHECKED and not Approval.objects.filter(version__draft=draft).exists()


def name_owner(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key in force is that of somebody else, whose sub-accounts have the same tokens."""

    def read_account(*given: Any) -> dry_run.AccountSnapshot:
        return replace(dry_run.read_account(*given), name=name)

    for module in (run_job, checking):
        monkeypatch.setattr(module, "read_account", read_account)


def test_another_address_voids_the_approval_and_nothing_is_sent_there(
    people: People, approved: Approved, performed: Performed, sandbox: Sandbox, viewer: Client
) -> None:
    draft = approved()
    with Sandbox(SandboxOptions(language="en")) as other:
        connect(other, people.administrator)
        job = performed(draft)
        assert "opens exemple@email.com (http://localhost:" in job.error
        assert job.batch == ""
        assert was_sent_back(draft)
        assert other.ledger()["movements"] == sandbox.ledger()["movements"] == []
        assert "review it and approve it for that account" in look(viewer, draft)
        assert Version.objects.get(draft=draft).screen["address"].endswith(f":{other.url.split(':')[2][:-3]}")


def test_another_owner_behind_a_new_key_voids_it(
    approved: Approved, performed: Performed, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = approved()
    name_owner("somebody else", monkeypatch)
    assert "opens somebody else" in performed(draft).error
    assert was_sent_back(draft)
    assert sandbox.ledger()["movements"] == []


def test_a_renewed_key_of_the_same_account_does_not_void_it(
    people: People, approved: Approved, performed: Performed, sandbox: Sandbox
) -> None:
    draft = approved()
    port = int(sandbox.url.split(":")[2].removesuffix("/v1"))
    sandbox.close()
    with Sandbox(SandboxOptions(language="en", key="renewed-key", port=port)) as renewed:
        connect(renewed, people.administrator, "renewed-key")
        job = performed(draft)
        assert job.error == ""
        assert len(renewed.ledger()["movements"]) == 3


def test_a_key_that_is_changed_after_the_worker_read_it_is_not_used(
    people: People, approved: Approved, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = approved()
    connect(sandbox, people.administrator)
    with Sandbox(SandboxOptions(language="en")) as other:
        load = credentials.load_connection

        def load_and_change() -> Any:
            found = load()
            connect(other, people.administrator)
            return found

        monkeypatch.setattr(credentials, "load_connection", load_and_change)
        job = finish(jobs.ask_to_start(draft, people.approver, timezone.now()))
        assert other.ledger()["movements"] == []
        assert (job.error, len(sandbox.ledger()["movements"])) == ("", 3)


def test_a_draft_that_was_approved_by_the_first_version_of_the_digest_is_approved_again(
    approved: Approved, performed: Performed, sandbox: Sandbox
) -> None:
    draft = approved()
    version = newest(draft)
    kept = {name: value for name, value in version.screen.items() if name not in {"account", "address"}}
    old = hashlib.sha256(b"whatever it was").hexdigest()
    Version.objects.filter(pk=version.pk).update(screen=kept, screen_digest=old)
    Approval.objects.update(screen_digest=old)
    assert "before approvals named the account" in performed(draft).error
    assert was_sent_back(draft)
    assert sandbox.ledger()["movements"] == []


def test_the_page_and_the_mails_name_the_account(
    preparer: Client, approver: Client, sandbox: Sandbox, mails: list[Any]
) -> None:
    draft = upload(preparer, GOOD)
    account = f"exemple@email.com (http://localhost:{sandbox.url.split(':')[2].removesuffix('/v1')})"
    assert account in look(approver, draft)
    version = newest(draft)
    form = {"version": "1", "screen": version.screen_digest, "confirmation": PASSWORD}
    approver.post(f"/drafts/{draft.pk}/approve", form)
    told = {mail.subject.split(" ", 1)[1]: mail.body for mail in mails}
    assert sorted(told) == ["is approved", "waits for approval"]
    assert all(account in body for body in told.values())
