"""Lists with pages and filters: whatever the address says, there is a page, and what filters nothing is told."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

import pytest
from django.test import Client

from batch.web.audit import write_entry
from tests.web.conftest import People
from tests.web.drafts.sheets import MIXED, upload

pytestmark = pytest.mark.usefixtures("sandbox")

WRONG = {
    "a day that is none": ("since=2026-02-30", "Saisissez une date valide."),
    "no day at all": ("until=hier", "Saisissez une date valide."),
    "a day beyond all calendars": ("until=9999-12-31", ""),
    "a choice that is not offered": ("state=evil&status=evil&action=evil&person=evil", "Sélectionnez un choix valide."),
    "a character that no database keeps": ("q=%00&token=%00&subject=%00&amount=%00", "nul"),
    "a long text": (f"q={'9' * 10_000}&token={'9' * 10_000}&subject={'9' * 10_000}", "au plus 200"),
    "no page": ("page=abc", ""),
    "a page before the first": ("page=-1", ""),
    "a page of ten thousand digits": (f"page={'9' * 10_000}", ""),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_value_filters_nothing_and_is_told_in_french(
    preparer: Client, administrator: Client, wrong: str, people: People
) -> None:
    query, told = WRONG[wrong]
    write_entry("draft.uploaded", "found-in-the-log", person=people.preparer)
    draft = upload(preparer, MIXED)
    people.administrator.language = "fr"
    people.administrator.save()
    lists = {
        "/batches/": ("janvier.csv", {"q", "amount", "state", "since", "until"}),
        "/administration/log": ("found-in-the-log", {"person", "action", "since", "until", "subject"}),
        f"/drafts/{draft.pk}": ('id="row-2"', {"status", "code", "token"}),
    }
    for address, (entry, names) in lists.items():
        answer = administrator.get(f"{address}?{query}")
        page = answer.content.decode()
        assert answer.status_code == 200, address
        assert entry in page, address
        is_about = not names.isdisjoint(dict(parse_qsl(query)))
        if told and is_about:
            assert told in page, address
        assert not re.search(r"Ensure|Enter a|Select a|not allowed", page), address


def test_every_page_of_a_list_is_reached_and_keeps_the_filters(administrator: Client) -> None:
    for number in range(120):
        write_entry("login.done", f"entry-{number:03}")
    seen: list[str] = []
    link = "?subject=entry&page=1"
    while link:
        page = administrator.get(f"/administration/log{link}").content.decode()
        seen += re.findall(r"entry-\d{3}", page)
        found = re.search(r'rel="next" href="([^"]*)"', page)
        link = found[1].replace("&amp;", "&") if found else ""
        assert not link or "subject=entry" in link
    assert seen == [f"entry-{number:03}" for number in reversed(range(120))]
    assert "101 to 120 of 120" in administrator.get("/administration/log?subject=entry&page=99").content.decode()
