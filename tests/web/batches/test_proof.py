"""What the site runs and hands out proves itself: signatures, stamps, recorded files, the archive of evidence."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from batch.evidence.comparison import compare_report
from batch.evidence.seal import list_writings, verify_proven_record
from batch.ledger.events import GENESIS
from batch.ledger.lease import name_process
from batch.ledger.orm.models import Movement
from batch.ledger.orm.queries import read_line
from batch.ledger.orm.store import DatabaseLedger
from batch.ledger.replay import rebuild_view
from batch.model import BatchState
from batch.report.journal import encode_fec
from batch.report.journal_settings import load_journal_settings
from batch.runner.numbering import make_journal
from batch.sandbox import Sandbox
from batch.web import credentials
from batch.web.batches import jobs
from batch.web.drafts.approvals import approve
from batch.web.models import AuditEntry, Job, Version
from tests.evidence.authority import Authority, needs_openssl
from tests.fec import find_faults
from tests.web.batches.conftest import SHEET, Approved, Performed, finish, stop_at_once
from tests.web.conftest import People, Site
from tests.web.drafts.sheets import upload

pytestmark = pytest.mark.usefixtures("sandbox")

UNREACHABLE = "http://127.0.0.1:9/stamps"


@pytest.fixture
def ended(approved: Approved, performed: Performed) -> Job:
    return performed(approved())


@pytest.fixture
def authority(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """An authority that the settings name, and trust."""
    monkeypatch.setenv("CREDITBATCH_TIMESTAMP_URL", authority.url)
    monkeypatch.setenv("CREDITBATCH_TIMESTAMP_CA_FILE", str(authority.roots))
    return authority


def kinds(batch: str) -> list[str]:
    return [event.kind for event in DatabaseLedger().view_events(batch)]


def verified(batch: str) -> list[str]:
    """What the record proves; nothing may differ."""
    _replay, proven, difference = verify_proven_record(DatabaseLedger(), credentials.load_provider_settings(), batch)
    assert difference is None
    return list(proven)


def download(client: Client, batch: str, kind: str) -> bytes:
    answer = client.get(reverse("batch-file", args=[batch, kind]))
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def refused(client: Client, batch: str) -> str:
    """The page with the sentence that says why there is no evidence."""
    answer = client.get(reverse("batch-file", args=[batch, "evidence"]), follow=True)
    assert answer.redirect_chain == [(reverse("batch", args=[batch]), 302)]
    return answer.content.decode()


def writings(batch: str) -> dict[str, str]:
    """The files that are recorded, with their hashes."""
    found: list[Any] = [event.data for event in DatabaseLedger().view_events(batch) if event.kind == "file-written"]
    return {data["name"]: data["sha256"] for data in found}


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_run_ends_with_the_signature_of_its_record(ended: Job) -> None:
    assert ended.error == ""
    assert kinds(ended.batch)[-2:] == ["state-changed", "tip-signed"]
    said = verified(ended.batch)
    assert len(said) == 1
    assert "which is this ledger's" in said[0]


def test_a_run_that_was_stopped_is_signed_as_well_and_again_when_it_has_ended(people: People, job: Job) -> None:
    batch = stop_at_once(job)
    assert kinds(batch)[-1] == "tip-signed"
    finish(jobs.ask_to_resume(batch, None, people.approver))
    assert kinds(batch)[-1] == "tip-signed"
    assert len(verified(batch)) == 2


@needs_openssl
def test_a_run_ends_with_a_time_stamp_where_an_authority_is_set(authority: Authority, ended: Job) -> None:
    assert ended.error == ""
    assert kinds(ended.batch)[-2:] == ["tip-signed", "tip-stamped"]
    said = verified(ended.batch)
    assert [sentence.split(" up to")[0] for sentence in said] == ["Signed", "Stamped"]
    assert len(authority.questions) == 1


def test_a_run_that_no_authority_stamps_has_ended_well(
    approved: Approved, performed: Performed, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CREDITBATCH_TIMESTAMP_URL", UNREACHABLE)
    job = performed(approved())
    assert job.error == ""
    assert read_line(job.batch).head.state is BatchState.FINISHED
    assert kinds(job.batch)[-1] == "tip-signed"
    assert [record.levelname for record in caplog.records if "was not sealed" in record.message] == ["WARNING"]


def test_nothing_is_sent_with_a_signing_key_that_cannot_be_used(
    approved: Approved, performed: Performed, site: Site, sandbox: Sandbox
) -> None:
    key = site.home / "signing.key"
    key.write_text("no key\n")
    key.chmod(0o600)
    job = performed(approved())
    assert "holds no private key" in job.error
    assert (job.batch, sandbox.ledger()["movements"]) == ("", [])


@pytest.mark.parametrize("kind", ["xlsx", "csv", "json", "pdf"])
def test_a_downloaded_report_is_recorded_and_is_what_the_ledger_says(
    viewer: Client, ended: Job, tmp_path: Path, kind: str
) -> None:
    data = download(viewer, ended.batch, kind)
    assert writings(ended.batch) == {f"{ended.batch}.{kind}": digest(data)}
    report = tmp_path / f"{ended.batch}.{kind}"
    report.write_bytes(data)
    ledger, settings = DatabaseLedger(), credentials.load_provider_settings()
    replay, _proven, difference = verify_proven_record(ledger, settings, ended.batch)
    assert difference is None
    view = ledger.view(ended.batch)
    numbers = {event.hash: event.number for event in view.events}
    # By its hash; and, as if that were not recorded, by all that it says.
    for recorded in (list_writings(replay), []):
        found = compare_report(
            report, recorded, lambda count: rebuild_view(view, count), numbers.get, replay.tip.number
        )
        assert found is None


def test_a_downloaded_journal_is_recorded(viewer: Client, ended: Job) -> None:
    entries, fec = download(viewer, ended.batch, "entries"), download(viewer, ended.batch, "fec")
    assert sorted(writings(ended.batch).values()) == sorted([digest(entries), digest(fec)])


def test_a_downloaded_journal_is_the_one_that_the_command_writes(
    viewer: Client, ended: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDITBATCH_SIREN", "732829320")
    fec = download(viewer, ended.batch, "fec")
    assert kinds(ended.batch)[-2:] == ["entries-numbered", "file-written"]
    [name] = writings(ended.batch)
    assert find_faults({name: fec}) == set()
    ledger, accounts = DatabaseLedger(), load_journal_settings({"CREDITBATCH_SIREN": "732829320"})
    journal = make_journal(ledger, ledger.view(ended.batch), accounts, timezone.now)
    [entries] = journal.years.values()
    assert fec == b"".join(encode_fec(entries, accounts))
    assert download(viewer, ended.batch, "fec") == fec
    assert kinds(ended.batch).count("entries-numbered") == 1
    page = viewer.get(reverse("batch", args=[ended.batch])).content.decode()
    assert page.count("another ledger needs another code") == 1
    verified(ended.batch)


def test_a_journal_of_two_fiscal_years_is_handed_out_as_two_files(
    viewer: Client, ended: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = Movement.objects.filter(batch=ended.batch)
    ledger = DatabaseLedger()
    moved_at = lines.get(row=2).attempted_at
    assert moved_at
    # As if the first row had moved on the day before.
    lines.filter(row=2).update(attempted_at=moved_at - timedelta(days=1))
    monkeypatch.setenv("CREDITBATCH_FISCAL_YEAR_END", f"{moved_at - timedelta(days=1):%m-%d}")
    answer = viewer.get(reverse("batch-file", args=[ended.batch, "fec"]))
    assert answer["Content-Type"] == "application/zip"
    entries = opened(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
    assert [len(data.splitlines()) for data in entries.values()] == [3, 5]
    assert writings(ended.batch) == {name: digest(data) for name, data in entries.items()}
    assert [(its.first, its.last) for its in ledger.list_numberings(ended.batch)] == [(1, 1), (1, 2)]


def test_no_journal_is_handed_out_while_numbers_cannot_be_given(viewer: Client, ended: Job) -> None:
    ledger = DatabaseLedger()
    address = reverse("batch-file", args=[ended.batch, "fec"])
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        ledger.hold(ledger.read_access(ended.batch).account, name_process(other.pid), timezone.now(), lambda _it: False)
        assert "This account is in use" in viewer.get(address, follow=True).content.decode()
        ledger.let_go()
    download(viewer, ended.batch, "fec")


def test_a_workbook_is_signed_first_where_something_was_recorded_since(
    viewer: Client, approver: Client, job: Job
) -> None:
    batch = stop_at_once(job)
    download(viewer, batch, "xlsx")
    assert kinds(batch)[-2:] == ["tip-signed", "file-written"], "signed when it stopped"
    approver.post(reverse("give-up", args=[batch]), {"why": "the list was last month's"})
    for _again in range(2):
        download(viewer, batch, "xlsx")
    assert kinds(batch)[-4:] == ["state-changed", "tip-signed", "file-written", "file-written"]


def test_a_workbook_is_handed_out_also_where_it_cannot_be_signed(viewer: Client, ended: Job, site: Site) -> None:
    (site.home / "signing.key").write_text("no key\n")
    data = download(viewer, ended.batch, "xlsx")
    assert writings(ended.batch) == {f"{ended.batch}.xlsx": digest(data)}
    assert "holds no private key" in refused(viewer, ended.batch)


@pytest.mark.slow
def test_downloads_while_a_worker_sends_are_not_recorded_and_the_run_goes_on(
    viewer: Client, job: Job, sandbox: Sandbox
) -> None:
    sandbox.add_fault("late:seconds=3")
    assert jobs.claim(job)
    with subprocess.Popen([sys.executable, "-m", "batch.web.batches.worker", str(job.id)]) as worker:
        wait_for(lambda: Job.objects.exclude(batch="").exists())
        job.refresh_from_db()
        wait_for(lambda: "attempt-began" in kinds(job.batch))
        for kind in ("xlsx", "json"):
            assert download(viewer, job.batch, kind)
        assert "its evidence can be had once it has stopped" in refused(viewer, job.batch)
        assert worker.poll() is None, "the downloads came too late to test anything"
        assert worker.wait(60) == 0
    job.refresh_from_db()
    assert job.error == ""
    assert read_line(job.batch).head.state is BatchState.FINISHED
    assert writings(job.batch) == {}
    verified(job.batch)


def wait_for(look: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not look():
        assert time.monotonic() < end
        time.sleep(0.02)


def opened(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def check_archive(entries: dict[str, bytes]) -> None:
    """By the rules of the archive alone: the chain, its tip, the signature, the files that it names."""
    before, named = GENESIS, {}
    for line in entries["events.jsonl"].splitlines():
        said = json.loads(line)
        assert said[0] == before
        before = digest(line)
        if said[3] == "file-written":
            named[said[4]["name"]] = said[4]["sha256"]
    tip = json.loads(entries["tip.json"])
    assert (tip["hash"], tip["events"]) == (before, said[1])
    key = load_pem_public_key(entries["public-key.pem"])
    assert isinstance(key, Ed25519PublicKey)
    key.verify(entries["signature.bin"], entries["tip.json"])
    for name in ("report.xlsx", "plan.csv", "answers.csv", "approvals.csv"):
        assert named[name] == digest(entries[name])
    assert json.loads(entries["events.jsonl"].splitlines()[0])[4]["sha256"] == digest(entries["sheet.csv"])


def test_the_evidence_holds_the_sheet_as_uploaded_and_proves_itself(viewer: Client, ended: Job) -> None:
    answer = viewer.get(reverse("batch-file", args=[ended.batch, "evidence"]))
    assert answer["Content-Type"] == "application/zip"
    assert f'filename="{ended.batch}-evidence.zip"' in answer["Content-Disposition"]
    data = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    entries = opened(data)
    check_archive(entries)
    assert entries["sheet.csv"] == SHEET.encode()
    assert writings(ended.batch)[f"{ended.batch}-evidence.zip"] == digest(data)
    assert AuditEntry.objects.filter(action="batch.downloaded", subject=ended.batch).count() == 1
    verified(ended.batch)


def test_the_evidence_of_a_corrected_sheet_holds_it_as_uploaded(
    preparer: Client, people: People, performed: Performed
) -> None:
    sheet = b"Customer;Token;Amount;Direction\nBakery;sub-0001;12,5x;add\nGarage;sub-0002;3;add\n"
    draft = upload(preparer, sheet)
    preparer.post(reverse("draft-cell", args=[draft.pk, 2, 2]), {"version": "1", "value": "12,50"})
    draft.refresh_from_db()
    version = Version.objects.get(draft=draft, number=2)
    assert approve(draft, version, version.screen_digest, people.approver, "password")
    draft.refresh_from_db()
    job = performed(draft)
    entries = opened(download(preparer, job.batch, "evidence"))
    check_archive(entries)
    assert entries["sheet.csv"] == sheet
    assert b"12.5" in entries["plan.csv"]


@needs_openssl
def test_the_evidence_holds_the_time_stamp(authority: Authority, viewer: Client, ended: Job) -> None:
    entries = opened(download(viewer, ended.batch, "evidence"))
    check_archive(entries)
    assert len(authority.questions) == 1, "what is stamped already is not asked for again"
    line = "openssl ts -verify -data timestamp-tip.json -in timestamp.tsr -CAfile ROOT.pem"
    assert "Verification: OK" in authority.verify(entries["timestamp-tip.json"], entries["timestamp.tsr"], line)


def test_the_evidence_waits_for_the_time_stamp_that_is_to_be_in_it(
    viewer: Client, ended: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDITBATCH_TIMESTAMP_URL", UNREACHABLE)
    assert "127.0.0.1:9" in refused(viewer, ended.batch)
    verified(ended.batch)


def test_the_evidence_is_for_everybody_who_is_logged_in(
    nobody: Client, preparer: Client, approver: Client, administrator: Client, ended: Job
) -> None:
    address = reverse("batch-file", args=[ended.batch, "evidence"])
    answer = nobody.get(address)
    assert answer["Location"] == f"{reverse('account_login')}?next={address}"
    assert writings(ended.batch) == {}
    for client in (preparer, approver, administrator):
        assert f'href="{address}"' in client.get(reverse("batch", args=[ended.batch])).content.decode()
        check_archive(opened(download(client, ended.batch, "evidence")))


def test_there_is_no_evidence_of_a_batch_that_a_job_is_about_to_carry_on(
    viewer: Client, people: People, job: Job
) -> None:
    batch = stop_at_once(job)
    address = reverse("batch-file", args=[batch, "evidence"])
    assert address in viewer.get(reverse("batch", args=[batch])).content.decode()
    jobs.ask_to_resume(batch, None, people.approver)
    page = refused(viewer, batch)
    assert "The batch is running: its evidence can be had once it has stopped." in page
    assert address not in page


def test_there_is_no_evidence_while_the_command_line_holds_the_account(viewer: Client, ended: Job) -> None:
    ledger = DatabaseLedger()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        ledger.hold(ledger.read_access(ended.batch).account, name_process(other.pid), timezone.now(), lambda _it: False)
        assert "This account is in use" in refused(viewer, ended.batch)
        data = download(viewer, ended.batch, "xlsx")
        ledger.let_go()
    assert data
    assert writings(ended.batch) == {}


def test_there_is_no_evidence_of_a_record_that_was_changed(viewer: Client, ended: Job) -> None:
    Movement.objects.filter(batch=ended.batch, row=2).update(amount=Decimal(99))
    page = refused(viewer, ended.batch)
    assert "Row 2, amount" in page
    assert "No evidence is written of a record that is not whole." in page
    assert writings(ended.batch) == {}


def test_the_key_that_signs_is_made_beside_the_ledger(ended: Job, site: Site, viewer: Client) -> None:
    assert (site.home / "signing.key").stat().st_mode & 0o077 == 0
    signed: Any = next(event.data for event in DatabaseLedger().view_events(ended.batch) if event.kind == "tip-signed")
    key = load_pem_public_key(opened(download(viewer, ended.batch, "evidence"))["public-key.pem"])
    assert isinstance(key, Ed25519PublicKey)
    assert base64.b64decode(signed["key"]) == key.public_bytes_raw()
