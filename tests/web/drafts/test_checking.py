"""What is checked is what is started."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from decimal import Decimal

import openpyxl
import pytest
from django.test import Client

from batch.errors import UsageError
from batch.ledger.events import AttemptBegan, AttemptEnded, Fact, StateChanged
from batch.ledger.orm.queries import recall_columns
from batch.ledger.orm.store import DatabaseLedger
from batch.ledger.protocol import Access
from batch.model import BatchState, ColumnRole, Status
from batch.model import People as Named
from batch.runner.acceptance import accept
from batch.runner.dry_run import AccountSnapshot, DryRun, read_account
from batch.runner.open_account import bind_account
from batch.web import credentials
from batch.web.drafts.approval_policy import Options, digest_screen, make_screen
from batch.web.drafts.checking import find_known_account, prepare_start, recheck
from batch.web.drafts.versions import Foreseen
from batch.web.models import Draft, Version
from tests.builders import NOON
from tests.web.drafts.sheets import GOOD, MIXED, TOKEN, csv_file, look, newest, upload

pytestmark = pytest.mark.usefixtures("sandbox")


def run_it(version: Version) -> str:
    """Record the version as a batch, as the worker does."""
    access, account = access_now()
    checked = prepare_start(version, account, access.account)
    ledger, at = DatabaseLedger(), datetime.now(UTC)
    choices = Options.from_json(version.options).make_choices()
    batch = accept(ledger, checked, access, choices, Named("Ada", ("Bea",)), at).batch
    facts: list[Fact] = []
    for movement in checked.plan.movements:
        ended = AttemptEnded(at, movement.row, 1, "Applied", Status.DONE, 200, None)
        facts += [AttemptBegan(at, movement.row, 1, None, None), ended]
    ledger.append(batch, [*facts, StateChanged(at, BatchState.FINISHED)])
    return batch


def start(version: Version) -> DryRun:
    """What the worker would start now."""
    access, account = access_now()
    return prepare_start(version, account, access.account)


def access_now() -> tuple[Access, AccountSnapshot]:
    api_url, key = credentials.load_connection()
    with credentials.open_client() as provider:
        account = read_account(provider, api_url, lambda: NOON)
    access, _is_new = bind_account(DatabaseLedger(), api_url, key.compute_fingerprint(), lambda: account.owner, NOON)
    return access, account


def test_what_is_started_is_what_was_checked(preparer: Client) -> None:
    draft = upload(preparer, MIXED)
    preparer.post(f"/drafts/{draft.pk}/cell/3/1", {"version": "1", "value": "7,25"})
    preparer.post(f"/drafts/{draft.pk}/options", {"version": "2", "skip_invalid": "on", "removes_first": "on"})
    version = newest(draft)
    started = start(version)
    assert started.plan.digest == version.plan_digest
    assert digest_screen(make_screen(started), Options.from_json(version.options)) == version.screen_digest
    assert started.removes_first
    assert Options.from_json(version.options).make_choices().skip_invalid


def test_what_was_run_meanwhile_is_not_started(preparer: Client) -> None:
    first, second = newest(upload(preparer, GOOD)), newest(upload(preparer, GOOD, "february.csv"))
    batch = run_it(first)
    with pytest.raises(UsageError, match=batch):
        start(second)


def test_what_was_run_before_is_told_and_needs_a_reason(preparer: Client) -> None:
    batch = run_it(newest(upload(preparer, GOOD)))
    draft = upload(preparer, GOOD, "again.csv")
    page = look(preparer, draft)
    assert "This list was run before" in page
    assert batch in page
    preparer.post(f"/drafts/{draft.pk}/options", {"version": "1", "again": "on", "why": "  "})
    assert newest(draft).number == 1
    preparer.post(f"/drafts/{draft.pk}/options", {"version": "1", "again": "on", "why": "paid twice on purpose"})
    assert newest(draft).options["why"] == "paid twice on purpose"
    assert "Ready for approval" in look(preparer, draft)
    assert start(newest(draft)).plan.movements


def test_a_sheet_that_would_be_refused_is_not_started(preparer: Client) -> None:
    data = f"Token;Montant;Sens\n{TOKEN};900000;ajout\n".encode()
    version = newest(upload(preparer, data))
    with pytest.raises(UsageError, match="top up"):
        start(version)


def test_offline_first_then_checked(preparer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as gone:
        gone.setenv("CREDITBATCH_API_URL", "http://127.0.0.1:9")
        draft = upload(preparer, GOOD)
    version = newest(draft)
    assert version.forecast is None
    assert recheck(version)
    forecast = newest(draft).forecast
    assert forecast is not None
    assert set(forecast) == set(Foreseen.__slots__)
    assert [main - forecast["before"] for _turn, main in forecast["course"]] == [0, -10_500, -15_500, -13_500]
    assert newest(draft).problem == ""
    assert not recheck(newest(draft))


def test_one_of_several_sheets_is_chosen_without_sending_the_file_again(
    preparer: Client, administrator: Client
) -> None:
    book = openpyxl.Workbook()
    for name, amount in (("January", 5), ("<February>", 7)):
        sheet = book.create_sheet(name)
        sheet.append(["Token", "Amount", "Direction"])
        sheet.append([TOKEN, amount, "add"])
    file = io.BytesIO()
    book.save(file)
    response = preparer.post("/drafts/new", {"sheet_file": csv_file(file.getvalue(), "two.xlsx")})
    page = response.content.decode()
    assert response.status_code == 422
    assert 'value="January"' in page
    assert 'value="&lt;February&gt;"' in page
    ticket = page.split('name="ticket" value="')[1].split('"')[0]
    other = administrator.post("/drafts/new", {"ticket": ticket, "sheet": "January"})
    assert other.status_code == 422  # another person's
    assert preparer.post("/drafts/new", {"ticket": ticket + "x", "sheet": "January"}).status_code == 422
    chosen = preparer.post("/drafts/new", {"ticket": ticket, "sheet": "<February>"})
    assert chosen.status_code == 302
    assert newest(Draft.objects.get()).added == 7


def test_mapped_columns_are_remembered_for_the_next_sheet(preparer: Client) -> None:
    data = f"Compte;Euros du mois dû;Sens\n{TOKEN};10,50;ajout\n".encode()
    first = upload(preparer, data)
    assert newest(first).movements == 0
    assert '<option value="Euros du mois dû"' in look(preparer, first)
    mapped = {"version": "1", "column-amount": "Euros du mois dû", "remember": "on"}
    preparer.post(f"/drafts/{first.pk}/reading", mapped)
    version = newest(first)
    assert (version.movements, version.added) == (1, Decimal("10.5"))
    assert version.conventions["columns"] == {"amount": "Euros du mois dû"}
    assert recall_columns(find_known_account()) == {ColumnRole.AMOUNT: "Euros du mois dû"}
    second = newest(upload(preparer, data.replace(b"10,50", b"11,50"), "next.csv"))
    assert second.movements == 1
    assert second.conventions["remembered"] == {"amount": "Euros du mois dû"}
    assert start(second).plan.digest == second.plan_digest
