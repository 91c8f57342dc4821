from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client

from batch.web.models import AuditEntry, Person, SiteSettings
from tests.web.conftest import People

_FORM = {"row_limit": "500", "batch_limit": "2000.50", "four_eyes": "on", "language": "fr"}


def test_limits_are_kept_and_shown_in_euros(administrator: Client) -> None:
    assert administrator.post("/administration/settings", _FORM).status_code == 302
    current = SiteSettings.load()
    assert (current.row_limit, current.batch_limit) == (Decimal(500), Decimal("2000.5"))
    assert (current.four_eyes, current.language) == (True, "fr")
    assert 'value="2000.50"' in administrator.get("/administration/settings").content.decode()
    administrator.post("/administration/settings", {**_FORM, "row_limit": ""})
    assert SiteSettings.load().row_limit is None
    assert SiteSettings.objects.count() == 1
    assert "row_limit: €500.00 → –" in administrator.get("/administration/log").content.decode()
    assert AuditEntry.objects.filter(action="settings.changed").first().particulars["row_limit"] == [None, 500_000]  # type: ignore[union-attr]


@pytest.mark.parametrize("wrong", ["-1", "1.234", "abc", "1e999", "NaN", "9" * 20])
def test_what_is_no_amount_is_refused(administrator: Client, wrong: str) -> None:
    page = administrator.post("/administration/settings", {**_FORM, "row_limit": wrong})
    assert page.status_code == 200
    assert not SiteSettings.objects.exists()


def test_four_eyes_are_switched_off_only_while_one_single_person_is_active(
    administrator: Client, people: People
) -> None:
    form = {name: value for name, value in _FORM.items() if name != "four_eyes"}
    assert administrator.post("/administration/settings", form).status_code == 200
    assert SiteSettings.load().four_eyes
    Person.objects.exclude(pk=people.administrator.pk).update(is_active=False)
    assert administrator.post("/administration/settings", form).status_code == 302
    assert not SiteSettings.load().four_eyes
