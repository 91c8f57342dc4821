from __future__ import annotations

import hashlib
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings

from batch.web.models import AuditEntry, Draft, DraftRow, StoredFile, Version
from tests.web.conftest import ClientFor, People
from tests.web.drafts.sheets import GOOD, MIXED, SAMPLES, TOKEN, csv_file, look, upload

pytestmark = pytest.mark.usefixtures("sandbox")


def send_in_vain(preparer: Client, **form: object) -> str:
    response = preparer.post("/drafts/new", form)
    assert response.status_code == 422
    return response.content.decode()


def test_a_sheet_is_stored_read_and_checked(preparer: Client, people: People) -> None:
    draft = upload(preparer, GOOD)
    version = Version.objects.get(draft=draft, number=1)
    assert draft.created_by == people.preparer
    assert version.file.sha256 == hashlib.sha256(GOOD).hexdigest()
    assert bytes(version.file.data) == GOOD
    assert (version.movements, version.invalid, version.added, version.removed) == (3, 0, Decimal("15.5"), 2)
    assert version.forecast is not None
    assert version.forecast["refused"] == 0
    assert version.plan_digest
    assert version.screen_digest
    assert AuditEntry.objects.filter(action="draft.uploaded", subject=str(draft.pk)).exists()


def test_every_row_is_kept_with_its_findings(preparer: Client) -> None:
    draft = upload(preparer, MIXED)
    rows = DraftRow.objects.filter(version__draft=draft).order_by("position")
    assert [(row.row, row.status) for row in rows] == [(2, "pending"), (3, "invalid"), (4, "invalid"), (5, "pending")]
    assert rows[1].findings[0]["code"] == "amount-ambiguous"


@pytest.mark.parametrize("name", ["monthly.xlsx", "monthly-fr.csv", "mistakes.xlsx", "mistakes-columns.csv"])
def test_the_samples_are_reviewed(preparer: Client, name: str) -> None:
    draft = upload(preparer, (SAMPLES / name).read_bytes(), name)
    page = preparer.get(f"/drafts/{draft.pk}")
    assert page.status_code == 200
    assert name in page.content.decode()


def test_without_the_provider_it_is_checked_offline_and_said_so(
    preparer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SMSPARTNER_API_KEY")
    draft = upload(preparer, GOOD)
    version = Version.objects.get(draft=draft)
    assert version.forecast is None
    assert version.problem
    page = look(preparer, draft)
    assert "could not be asked" in page
    assert "Check again" in page


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../../etc/cron.d/janvier.csv", "janvier.csv"), ("\u202efdp.csv", "fdp.csv"),
        ("x" * 300 + ".csv", "x" * 116 + ".csv"), ("<script>alert(1)</script>.csv", "script_.csv"),
        ("a;b=c, d%22e.csv", "a;b=c, d%22e.csv"),
    ],
)  # fmt: skip
def test_hostile_names_become_harmless(preparer: Client, name: str, kept: str) -> None:
    draft = upload(preparer, GOOD, name)
    file = StoredFile.objects.get()
    assert file.name == kept
    response = preparer.get(f"/drafts/{draft.pk}/file/1")
    disposition = response["Content-Disposition"]
    assert disposition.startswith('attachment; filename="')
    assert disposition.count('"') == 2
    assert "\n" not in disposition
    assert response["Content-Type"] == "application/octet-stream"
    assert response.content == GOOD


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.csv", b"", "empty"), ("a.exe", b"MZ", "not named like a sheet"), ("a.xlsx", b"%PDF-1.7 nothing", "PDF"),
        ("a.xlsx", b"PK\x03\x04 cut off", "damaged"), ("a.csv", b"\xff\xd8\xff" + b"x" * 50, "JPEG"),
        ("a.html.csv", b"<html><script>alert(1)</script></html>", "page"),
    ],
)  # fmt: skip
def test_what_is_no_sheet_is_refused_with_its_sentence(preparer: Client, name: str, data: bytes, says: str) -> None:
    assert says in send_in_vain(preparer, sheet_file=SimpleUploadedFile(name, data))
    assert not Draft.objects.exists()


def test_a_file_beyond_the_limit_is_refused_before_it_is_held(
    preparer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDITBATCH_MAX_FILE_MB", "1")
    assert "larger than" in send_in_vain(preparer, sheet_file=csv_file(GOOD + b"x" * 1_100_000))
    assert not StoredFile.objects.exists()


def test_no_file_is_told(preparer: Client) -> None:
    assert "No file was chosen" in send_in_vain(preparer)


def test_control_totals_are_compared(preparer: Client) -> None:
    draft = upload(preparer, GOOD, rows="3", added="15,50", removed="3")
    version = Version.objects.get(draft=draft)
    assert [found["code"] for found in version.findings] == ["expected-removed"]
    assert "expected: €3.00" in look(preparer, draft)


def test_a_control_total_that_cannot_be_read_is_told(preparer: Client) -> None:
    assert "1.234 is not an amount" in send_in_vain(preparer, sheet_file=csv_file(GOOD), added="1.234")


def test_htmx_is_sent_on_to_the_review(preparer: Client) -> None:
    response = preparer.post("/drafts/new", {"sheet_file": csv_file(GOOD)}, headers={"hx-request": "true"})
    assert response["HX-Redirect"] == f"/drafts/{Draft.objects.get().pk}"
    refused = preparer.post("/drafts/new", {}, headers={"hx-request": "true"})
    assert refused.status_code == 200
    assert "No file was chosen" in refused.content.decode()


@override_settings(CREDITBATCH_DEMO=True)
def test_samples_are_there_in_the_demonstration_only(preparer: Client) -> None:
    assert "monthly.xlsx" in preparer.get("/drafts/new").content.decode()
    assert preparer.get("/drafts/samples/monthly.xlsx").content == (SAMPLES / "monthly.xlsx").read_bytes()
    assert preparer.get("/drafts/samples/..%2Fpyproject.toml").status_code == 404
    assert preparer.post("/drafts/new", {"sample": "monthly.xlsx"}).status_code == 302


def test_outside_the_demonstration_there_are_no_samples(preparer: Client) -> None:
    assert preparer.get("/drafts/samples/monthly.xlsx").status_code == 404
    send_in_vain(preparer, sample="monthly.xlsx")


def test_only_preparers_upload(people: People, client_for: ClientFor) -> None:
    for person in (people.viewer, people.approver):
        assert client_for(person).get("/drafts/new").status_code == 403
        assert client_for(person).post("/drafts/new", {"sheet_file": csv_file(GOOD)}).status_code == 403
    nobody = client_for(None).post("/drafts/new", {"sheet_file": csv_file(GOOD)})
    assert nobody.status_code == 302
    assert "/login" in nobody["Location"]
    assert not StoredFile.objects.exists()


def test_cells_that_hold_markup_or_formulas_are_shown_as_text(preparer: Client) -> None:
    data = (
        f'Token;Montant;Sens;Note\n{TOKEN};5;ajout;"<script>alert(1)</script>"\n<b>x</b>;=1+1;"=cmd|calc";@x\n'.encode()
    )
    page = preparer.get(f"/drafts/{upload(preparer, data).pk}").content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<b>x</b>" not in page
