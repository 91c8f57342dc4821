"""Corrections on the page: a new version each, checked by the same rules, with the change on record."""

from __future__ import annotations

import io

import openpyxl
import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from batch.web.drafts.approval_policy import Options
from batch.web.drafts.approvals import approve
from batch.web.drafts.checking import check_version
from batch.web.drafts.conventions import SheetReading
from batch.web.models import Approval, AuditEntry, Draft, DraftRow, DraftState, Job, Version
from tests.web.conftest import ClientFor, People, act_at_once
from tests.web.drafts.sheets import GOOD, MIXED, OTHER, SAMPLES, csv_file, look, newest, upload

pytestmark = pytest.mark.usefixtures("sandbox")
AMOUNT = 1
THOUSAND = (SAMPLES / "thousand.xlsx").read_bytes()
MISTAKES = (SAMPLES / "mistakes.xlsx").read_bytes()


@pytest.fixture
def draft(preparer: Client) -> Draft:
    return upload(preparer, MIXED)


def correct(client: Client, draft: Draft, row: int, column: int, value: str, version: int = 1) -> str:
    """Send the form of a cell; returns the page that follows."""
    address = f"/drafts/{draft.pk}/cell/{row}/{column}?code=amount-ambiguous&page=1&evil=1"
    response = client.post(address, {"version": str(version), "value": value})
    assert response.status_code == 302
    assert response["Location"] == f"/drafts/{draft.pk}?code=amount-ambiguous&page=1#rows"
    return look(client, draft)


def test_a_bad_cell_is_offered_for_correction(preparer: Client, draft: Draft) -> None:
    assert f"/drafts/{draft.pk}/cell/3/1" in look(preparer, draft)
    form = preparer.get(f"/drafts/{draft.pk}/cell/3/1").content.decode()
    assert 'value="1.234"' in form
    fragment = preparer.get(f"/drafts/{draft.pk}/cell/3/1", headers={"hx-request": "true"}).content.decode()
    assert "<html" not in fragment
    assert 'value="1.234"' in fragment


def test_a_corrected_cell_makes_a_version_that_is_checked(preparer: Client, draft: Draft, people: People) -> None:
    page = correct(preparer, draft, 3, AMOUNT, "1234,00")
    assert "Cell B3 was corrected" in page
    version = newest(draft)
    assert (version.number, version.invalid) == (2, 1)
    made = version.corrections[0]
    assert (made["before"], made["after"], made["by"]) == ("1.234", "1234,00", str(people.preparer))
    assert set(DraftRow.objects.values_list("version__number", flat=True)) == {2}
    row = DraftRow.objects.get(version=version, row=3)
    assert (row.status, row.amount) == ("pending", 1234)
    assert version.changes is not None
    assert (version.changes["added"], version.changes["removed"], version.changes["changed"]) == (0, 0, 1)
    entry = AuditEntry.objects.get(action="draft.corrected")
    assert (entry.particulars["before"], entry.particulars["after"]) == ("1.234", "1234,00")
    assert "1234,00" in preparer.get(f"/drafts/{draft.pk}/changes/2").content.decode()


def test_a_form_of_an_older_version_changes_nothing(preparer: Client, draft: Draft) -> None:
    correct(preparer, draft, 3, AMOUNT, "1234,00")
    page = correct(preparer, draft, 4, AMOUNT, "5", version=1)
    assert "Somebody has changed this batch since you opened the page" in page
    assert newest(draft).number == 2


@pytest.mark.parametrize(("row", "column"), [(99, 1), (1, 1), (3, 3), (3, 99)])
def test_only_cells_that_are_read_are_corrected(preparer: Client, draft: Draft, row: int, column: int) -> None:
    assert preparer.get(f"/drafts/{draft.pk}/cell/{row}/{column}").status_code == 404
    assert preparer.post(f"/drafts/{draft.pk}/cell/{row}/{column}", {"version": "1", "value": "5"}).status_code == 404


def test_a_corrected_file_is_the_next_version_and_what_changed_is_shown(preparer: Client, draft: Draft) -> None:
    response = preparer.post(f"/drafts/{draft.pk}/replace", {"version": "1", "sheet_file": csv_file(GOOD, "neu.csv")})
    assert response["Location"] == f"/drafts/{draft.pk}/changes/2"
    version = newest(draft)
    assert (version.file.name, version.invalid, version.made_by) == ("neu.csv", 0, "file")
    page = preparer.get(response["Location"]).content.decode()
    assert "What changed in version 2" in page
    assert "The columns are others than before" not in page
    assert preparer.get(f"/drafts/{draft.pk}/file/1").content == MIXED
    assert preparer.get(f"/drafts/{draft.pk}/file/2").content == GOOD
    titles = {"version": "2", "sheet_file": csv_file(GOOD.replace(b"Montant", b"Euros"))}
    page = preparer.post(f"/drafts/{draft.pk}/replace", titles, follow=True).content.decode()
    assert "The columns are others than before" in page


def test_any_change_drops_the_approvals(preparer: Client, people: People) -> None:
    draft = upload(preparer, GOOD)
    version = newest(draft)
    assert approve(draft, version, version.screen_digest, people.approver, "password")
    preparer.post(f"/drafts/{draft.pk}/options", {"version": "1", "removes_first": "on"})
    draft.refresh_from_db()
    assert draft.state == DraftState.CHECKED
    assert not Approval.objects.filter(version=newest(draft)).exists()


@pytest.mark.parametrize("path", ["options", "reading", "replace", "check", "cell/3/1"])
def test_whoever_does_not_prepare_changes_nothing(
    draft: Draft, people: People, client_for: ClientFor, path: str
) -> None:
    data = {"version": "1", "value": "5", "skip_invalid": "on"}
    for person in (people.viewer, None) if path == "check" else (people.viewer, people.approver, None):
        response = client_for(person).post(f"/drafts/{draft.pk}/{path}", data)
        assert response.status_code == (302 if person is None else 403)
        assert person is not None or "/login" in response["Location"]
    assert newest(draft).number == 1


@pytest.mark.parametrize("path", ["options", "reading", "replace", "check", "cell/3/1"])
def test_forms_without_their_secret_are_refused(draft: Draft, people: People, client_for: ClientFor, path: str) -> None:
    client = client_for(people.preparer, enforce_csrf_checks=True)
    assert client.post(f"/drafts/{draft.pk}/{path}", {"version": "1", "value": "5"}).status_code == 403
    assert newest(draft).number == 1


@pytest.mark.parametrize("path", ["options", "reading", "replace", "check", "approve", "reject"])
def test_a_link_changes_nothing(preparer: Client, draft: Draft, path: str) -> None:
    assert preparer.get(f"/drafts/{draft.pk}/{path}?version=1").status_code in {403, 405}


def test_what_was_started_or_ended_is_not_changed(preparer: Client, draft: Draft) -> None:
    Draft.objects.filter(pk=draft.pk).update(state=DraftState.REJECTED)
    correct(preparer, draft, 3, AMOUNT, "5")
    assert Version.objects.filter(draft=draft).count() == 1


def test_the_sheet_is_handed_back_with_its_findings_marked(preparer: Client, draft: Draft) -> None:
    response = preparer.get(f"/drafts/{draft.pk}/annotated")
    assert 'filename="janvier-annotated.xlsx"' in response["Content-Disposition"]
    workbook = openpyxl.load_workbook(io.BytesIO(response.content))
    cells = [cell for sheet in workbook.worksheets for row in sheet.iter_rows() for cell in row if cell.comment]
    assert {cell.coordinate for cell in cells} >= {"B3", "B4"}


def test_the_sheet_is_handed_back_as_it_was_corrected_and_reads_as_it_was_checked(preparer: Client) -> None:
    draft = upload(preparer, MISTAKES, "mistakes.xlsx")
    corrections = {
        (5, 0): "sub-0003", (6, 0): "0012345", (16, 1): "1 234,50 €", (17, 1): "still no amount", (30, 2): "",
    }  # fmt: skip
    for version, ((row, column), value) in enumerate(corrections.items(), 1):
        preparer.post(f"/drafts/{draft.pk}/cell/{row}/{column}", {"version": str(version), "value": value})
    kept = newest(draft)
    assert kept.number == 1 + len(corrections)
    data = preparer.get(f"/drafts/{draft.pk}/annotated").content
    book = openpyxl.load_workbook(io.BytesIO(data))
    sheet = book[str(kept.sheet)]
    read = [sheet[address].value for address in ("A5", "A6", "B16", "B17")]
    assert read == ["sub-0003", "0012345", 1234.5, "still no amount"]
    assert not sheet["A5"].comment
    assert sheet["B17"].comment
    del book[book.sheetnames[0]]
    file = io.BytesIO()
    book.save(file)
    again = newest(upload(preparer, file.getvalue(), "again.xlsx"))
    names = ("row", "token", "direction", "amount", "status")
    assert list(again.rows.values_list(*names)) == list(kept.rows.values_list(*names))


def test_checking_again_keeps_the_version(preparer: Client, draft: Draft) -> None:
    before = newest(draft)
    preparer.post(f"/drafts/{draft.pk}/check", {"version": "1"})
    after = newest(draft)
    assert (after.number, after.screen_digest) == (before.number, before.screen_digest)
    assert after.checked_at > before.checked_at


def test_other_drafts_are_not_found(preparer: Client) -> None:
    nothing = "00000000-0000-4000-8000-000000000000"
    for path in ("", "/accounts", "/changes/1", "/file/1", "/annotated", "/cell/2/1"):
        assert preparer.get(f"/drafts/{nothing}{path}").status_code == 404


def test_the_table_is_filtered_searched_and_sorted(preparer: Client, draft: Draft) -> None:
    def rows(question: str) -> list[str]:
        page = preparer.get(f"/drafts/{draft.pk}?{question}", headers={"hx-request": "true"}).content.decode()
        assert "<html" not in page
        return [part.split('"')[0] for part in page.split('id="row-')[1:]]

    assert rows("") == ["2", "3", "4", "5"]
    assert rows("status=invalid") == ["3", "4"]
    assert rows("code=amount-ambiguous") == ["3"]
    assert rows(f"token={OTHER[-3:]}") == ["3", "4"]
    assert rows("sort=-row") == ["5", "4", "3", "2"]
    assert rows("sort=-amount")[:2] == ["2", "5"]
    assert rows("page=9999") == ["2", "3", "4", "5"]
    assert rows("sort=evil&status=evil&code=evil&page=x") == ["2", "3", "4", "5"]


def test_of_two_who_change_it_at_once_one_is_told(draft: Draft, people: People) -> None:
    reading = SheetReading.from_version(newest(draft))

    def change(mine: Draft) -> int:
        return check_version(mine, reading, Options(partial=True), people.preparer, made_by="options").number

    told = act_at_once(change, *(Draft.objects.get(pk=draft.pk) for _person in range(2)))
    assert sorted(map(str, told)) == ["2", "Somebody else has changed this batch meanwhile: look at it again."]
    assert Version.objects.filter(draft=draft).count() == 2
    assert DraftRow.objects.count() == 4


def test_what_is_about_to_start_is_not_changed(preparer: Client, people: People) -> None:
    draft = upload(preparer, GOOD)
    Draft.objects.filter(pk=draft.pk).update(state=DraftState.APPROVED)
    Job.objects.create(draft=draft, asked_by=people.approver, due_at=timezone.now())
    preparer.post(f"/drafts/{draft.pk}/options", {"version": "1", "partial": "on"})
    preparer.post(f"/drafts/{draft.pk}/reject", {"version": "1", "reason": "no"})
    assert newest(draft).number == 1
    assert draft.state == DraftState.APPROVED


def test_a_page_reads_the_database_a_bounded_number_of_times(preparer: Client, draft: Draft) -> None:
    with CaptureQueriesContext(connections["default"]) as asked:
        preparer.get(f"/drafts/{draft.pk}")
    few = len(asked)
    preparer.post(f"/drafts/{draft.pk}/replace", {"version": "1", "sheet_file": csv_file(THOUSAND, "thousand.xlsx")})
    with CaptureQueriesContext(connections["default"]) as asked:
        page = preparer.get(f"/drafts/{draft.pk}")
    assert len(asked) <= few + 4
    assert len(page.content) < 100_000
    assert "1 to 50 of 1,000" in page.content.decode()
