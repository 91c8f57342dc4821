from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.test import Client

from batch.i18n import Language, use_language
from batch.web.administration.audit_log import ACTIONS, format_action
from batch.web.audit import write_entry
from batch.web.models import AuditEntry, Person
from tests.web.conftest import People

_WEB = Path(__file__).parents[3] / "batch" / "web"
_RECORDED = re.compile(r"(?:record|keep)\(\s*(?:request,\s*)?\"([a-z_-]+\.[a-z_-]+)\"")


def test_every_action_that_is_recorded_has_words_in_both_languages() -> None:
    recorded = {
        name
        for file in (*_WEB.rglob("*.py"), _WEB.parent / "cli" / "serve.py")
        for name in _RECORDED.findall(file.read_text("utf-8"))
    }
    assert len(recorded) > 15
    assert recorded <= set(ACTIONS), f"no words for {recorded - set(ACTIONS)}"
    with use_language(Language.FRENCH):
        assert all(format_action(action) != ACTIONS[action] for action in recorded)


@pytest.fixture
def entries(people: People) -> None:
    for number in range(60):
        write_entry("login.done", "viewer", person=people.viewer, address="10.0.0.1", particulars={"number": number})
    write_entry("person.changed", "approver", person=people.administrator, particulars={"can_approve": [False, True]})
    write_entry("mail.failed", "=HYPERLINK(1)")
    AuditEntry.objects.filter(action="mail.failed").update(at=datetime(2020, 1, 15, 12, tzinfo=UTC))


@pytest.mark.usefixtures("entries")
def test_it_is_paged_the_newest_first_and_says_what_is_not_there(administrator: Client) -> None:
    first = administrator.get("/administration/log").content.decode()
    assert "1 to 50 of 62" in first
    assert first.index("changed a person") < first.index("logged in</td>")
    assert "51 to 62 of 62" in administrator.get("/administration/log?page=2").content.decode()
    nothing = administrator.get("/administration/log?subject=nothing-like-it").content.decode()
    assert "Nothing in the log is like that." in nothing


@pytest.mark.usefixtures("entries")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("person=viewer", 60), ("action=person.changed", 1), ("subject=APPROV", 1), ("until=2020-01-15", 1),
        ("since=2020-01-15&until=2020-01-15", 1), ("since=2020-01-16", 61),
        ("since=nonsense&person=&page=x", 62), ("person=%00", 62),
    ],
)  # fmt: skip
def test_it_is_searched(administrator: Client, query: str, found: int) -> None:
    page = administrator.get(f"/administration/log?{query}").content.decode()
    assert f" of {found}<" in page


@pytest.mark.parametrize(
    ("day", "in_it", "after_it"),
    [("2026-03-29", "2026-03-29T21:59", "2026-03-29T22:00"), ("2026-10-25", "2026-10-25T22:59", "2026-10-25T23:00")],
)
def test_a_day_on_which_the_clocks_change_ends_when_the_next_begins(
    administrator: Client, day: str, in_it: str, after_it: str, in_paris: None
) -> None:
    for moment in (in_it, after_it):
        write_entry("mail.failed", moment)
        at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
        AuditEntry.objects.filter(subject=moment).update(at=at)
    page = administrator.get(f"/administration/log?since={day}&until={day}").content.decode()
    assert in_it in page
    assert after_it not in page


@pytest.mark.usefixtures("entries")
def test_the_export_holds_what_was_searched_and_no_formula(administrator: Client) -> None:
    content = b"".join(administrator.get("/administration/log.csv?until=2020-12-31").streaming_content)  # type: ignore[attr-defined]
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert rows[0][:3] == ["Time", "Who", "Action"]
    assert [row[4] for row in rows[1:]] == ["'=HYPERLINK(1)"]
    assert AuditEntry.objects.filter(action="log.exported").exists()


@pytest.mark.usefixtures("entries")
def test_the_export_is_in_the_readers_language(administrator: Client, people: People) -> None:
    Person.objects.filter(pk=people.administrator.pk).update(language="fr")
    content = b"".join(administrator.get("/administration/log.csv").streaming_content)  # type: ignore[attr-defined]
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))
    assert rows[0][1] == "Qui"
    assert {row[3] for row in rows[1:]} >= {"s’est connecté", "a modifié un utilisateur"}
    assert len(rows) >= 63
