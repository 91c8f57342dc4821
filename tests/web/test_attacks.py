"""The site attacked as a whole: hostile words on every page, hostile addresses, secrets, replays.

What concerns one form only is tested with that form.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from batch.sandbox import Sandbox
from batch.web.audit import write_entry
from batch.web.models import AuditEntry, Draft, Person
from tests.web.batches.conftest import approved, performed
from tests.web.conftest import PASSWORD, ClientFor, People, Site
from tests.web.drafts.sheets import upload
from tests.web.test_access import every_view, fill_in

__all__ = ["approved", "performed"]  # fixtures of the runs

MARK = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>"
HOSTILE_PARTS = {
    "uuid": ["00000000-0000-0000-0000-000000000000"],
    "int": ["0", "9223372036854775808", "9" * 60],
    "str": ["..%2f..%2fetc%2fpasswd", "%00", "%0d%0aSet-Cookie:%20x=1", "a" * 3000, "%E2%80%AEgpj.exe", "%F0%9F%92%A3"],
    "path": ["../../etc/passwd", "..%2f..%2f", "%00", "%0d%0aX:%201", "a" * 3000, "%27%20OR%201=1--"],
}
HOSTILE_QUERIES = [
    "page=99999999999999999999&sort=;drop&dir=x&status=%00&token=%25&code=%00&q=%00",
    "page=-1&q=" + "%25" * 300 + "&since=0001-01-01&until=9999-12-31&amount=1e999999999&state=nothing",
    "since=9999-12-31&until=0001-01-01&amount=NaN&q=%F0%9F%92%A3",
]
FIELDS = (
    *("version", "screen", "confirmation", "reason", "value", "why", "choice", "when", "rows", "added", "removed"),
    *("ticket", "sample", "sheet", "username", "full_name", "row_limit", "batch_limit", "language", "api_url", "key"),
)


@pytest.fixture
def marked(preparer: Client, administrator: Client, people: People, sandbox: Sandbox) -> Client:
    """An administrator's browser, on a site where everything that people can name or write holds markup."""
    Person.objects.filter(pk=people.preparer.pk).update(full_name=MARK[:120])
    quoted = MARK.replace('"', '""')
    sheet = f'Token;Montant;Sens;"{quoted}"\nsub-0001;1,00;ajout;"{quoted}"\n"{quoted}";1,00;"{quoted}";x\n'.encode()
    rejected = upload(preparer, sheet, f"{MARK}.csv")
    preparer.post(f"/drafts/{rejected.pk}/reject", {"reason": MARK, "version": rejected.version})
    upload(preparer, sheet, f"{MARK}.csv")
    write_entry("draft.rejected", MARK, person=people.preparer, particulars={MARK: MARK}, address=MARK[:64])
    assert Draft.objects.filter(reject_reason=MARK).exists()
    return administrator


def test_what_people_write_is_text_on_every_page(marked: Client) -> None:
    pages = [*_plain_addresses(), *(f"/drafts/{draft.pk}" for draft in Draft.objects.all())]
    shown = 0
    for address in pages:
        if address.endswith(".csv"):
            continue
        page = _body(marked, address).decode(errors="replace")
        assert "<img src=x" not in page, address
        assert "<script>alert" not in page, address
        shown += "&lt;img src=x" in page
    assert shown > 4


def test_no_address_breaks_the_site(administrator: Client, sandbox: Sandbox) -> None:
    administrator.raise_request_exception = False
    for address in _hostile_addresses():
        for method in ("get", "post"):
            response = getattr(administrator, method)(address)
            assert response.status_code < 500, f"{method} {address[:120]}: {response.status_code}"
            assert "set-cookie" not in response.headers or "x=1" not in response.headers["set-cookie"]
    for address in _plain_addresses():
        for query in HOSTILE_QUERIES:
            assert administrator.get(f"{address}?{query}").status_code < 500, f"{address}?{query[:120]}"


def test_no_form_breaks_the_site(administrator: Client, people: People, sandbox: Sandbox, approved: Any) -> None:
    draft = approved()
    administrator.raise_request_exception = False
    nonsense = dict.fromkeys(FIELDS, "\x00" + MARK + "9" * 400)
    for address in (*_plain_addresses(), *_of_draft(draft), "/batches/nothing/stop", "/administration/people/1/link"):
        for form in ({}, nonsense, {**nonsense, "version": "9" * 400}):
            response = administrator.post(address, form)
            assert response.status_code < 500, f"{address}: {response.status_code}"
    draft.refresh_from_db()
    assert draft.state == "approved"


def test_nobody_does_anything_with_a_form_of_another_site(people: People, client_for: ClientFor, approved: Any) -> None:
    draft = approved()
    client = client_for(people.administrator, enforce_csrf_checks=True)
    for address in (*_plain_addresses(), *_of_draft(draft), "/batches/b-1/stop", "/administration/people/1/link"):
        if address != "/welcome":
            assert client.post(address, {"version": draft.version}).status_code in {403, 405}, address
    draft.refresh_from_db()
    assert draft.state == "approved"
    assert not draft.jobs.exists()


def test_reading_changes_nothing(administrator: Client, approved: Any) -> None:
    draft = approved()
    for address in _of_draft(draft):
        administrator.get(address)
    draft.refresh_from_db()
    assert (draft.state, draft.version, draft.jobs.count()) == ("approved", 1, 0)


def test_a_start_that_is_sent_again_pays_once(
    approver: Client, preparer: Client, approved: Any, performed: Any, sandbox: Sandbox
) -> None:
    draft = approved()
    performed(draft)
    moved = sandbox.ledger()["movements"]
    draft.refresh_from_db()
    for client in (approver, preparer):
        for action in ("approve", "reject", "options", "check", "replace"):
            client.post(f"/drafts/{draft.pk}/{action}", {"version": draft.version, "reason": "once more"})
        client.post(f"/batches/start/{draft.pk}")
        client.post(f"/batches/{draft.batch}/resume")
    assert not draft.jobs.exclude(state="ended").exists()
    assert sandbox.ledger()["movements"] == moved


def test_a_row_of_another_batch_is_not_decided(approver: Client, people: People, approved: Any, performed: Any) -> None:
    job = performed(approved())
    for row in (0, 2, 99, 10**30):
        approver.post(f"/batches/{job.batch}/rows/{row}/decide", {"choice": "not-applied", "why": "I say so."})
    assert "All 3 rows were done" in approver.get(f"/batches/{job.batch}/").content.decode()


def test_secrets_are_nowhere(
    administrator: Client, nobody: Client, site: Site, people: People, sandbox: Sandbox, approved: Any, performed: Any
) -> None:
    form = {"api_url": sandbox.url, "key": "sandbox-key"}
    assert administrator.post("/administration/connection", form, follow=True).status_code == 200
    job = performed(approved())
    nobody.post("/login", {"login": "viewer", "password": "a-wrong-secret-password"})
    secrets = ["sandbox-key", "a-wrong-secret-password", PASSWORD, people.viewer.password]
    secrets.append((site.home / "vault-key").read_text().strip())
    files = [f"/batches/{job.batch}/files/{kind}" for kind in ("json", "csv")]
    for address in (*_plain_addresses(), f"/batches/{job.batch}/", *files):
        body = _body(administrator, address)
        assert not [secret for secret in secrets if secret.encode() in body], address
    kept = b"".join(path.read_bytes() for path in site.home.glob("ledger.sqlite3*"))
    assert b"sandbox-key" not in kept
    assert b"a-wrong-secret-password" not in kept
    log = site.home / "site.log"
    assert not log.exists() or "secret" not in log.read_text()


def test_a_thousand_logins_are_answered_without_trying_them(nobody: Client, people: People) -> None:
    answers = [nobody.post("/login", {"login": "approver", "password": f"guess {turn}"}) for turn in range(70)]
    assert all("wait a quarter of an hour" in answer.content.decode() for answer in answers[5:60])
    assert [answer.status_code for answer in answers[60:]] == [429] * 10
    assert answers[-1].headers["retry-after"] == "60"
    assert AuditEntry.objects.filter(action="login.failed").count() == 5


def _plain_addresses() -> list[str]:
    return [route for route, _view in every_view() if "<" not in route and route != "/logout"]


def _hostile_addresses() -> list[str]:
    turns = [{kind: parts[turn % len(parts)] for kind, parts in HOSTILE_PARTS.items()} for turn in range(6)]
    return [fill_in(route, parts) for route, _view in every_view() if "<" in route for parts in turns]


def _of_draft(draft: Draft) -> list[str]:
    actions = ("annotated", "cell/2/1", "reading", "options", "replace", "check", "approve", "reject")
    return [*(f"/drafts/{draft.pk}/{action}" for action in actions), f"/batches/start/{draft.pk}"]


def _body(client: Client, address: str) -> bytes:
    response: Any = client.get(address)
    return b"".join(response) if response.streaming else response.content
