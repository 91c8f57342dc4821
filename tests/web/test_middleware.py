"""What every answer has in common."""

from __future__ import annotations

import re
import time
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from batch.web.models import Person, SiteSettings
from tests.web.conftest import People, Site

_PAGES = ("/", "/login", "/profile", "/administration/", "/nowhere")


@pytest.mark.parametrize("path", _PAGES)
def test_every_page_has_a_strict_policy_and_no_inline_scripts_or_styles_and_is_not_kept(
    administrator: Client, path: str
) -> None:
    response = administrator.get(path)
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "no-store" in response.headers["cache-control"]
    assert response.headers["x-frame-options"] == "DENY"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "same-origin"
    page = response.content.decode()
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", page)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8000", "[::2]"])
def test_a_page_elsewhere_cannot_reach_the_site_by_a_name_of_its_own(nobody: Client, host: str) -> None:
    response = nobody.get("/login", headers={"host": host})
    assert response.status_code == 400
    assert "csrfmiddlewaretoken" not in response.content.decode()


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000"])
def test_this_machines_names_reach_it(nobody: Client, host: str) -> None:
    assert nobody.get("/login", headers={"host": host}).status_code == 200


def test_a_person_is_spoken_to_in_the_language_they_chose(viewer: Client, people: People) -> None:
    assert 'lang="en"' in viewer.get("/").content.decode()
    Person.objects.filter(pk=people.viewer.pk).update(language="fr")
    page = viewer.get("/").content.decode()
    assert 'lang="fr"' in page
    assert "Se déconnecter" in page


@pytest.mark.parametrize(
    ("asked", "chosen", "spoken"),
    [
        ("fr-CA,fr;q=0.9,en;q=0.5", "", "fr"), ("de,fr;q=0.5", "", "fr"), ("de", "fr", "fr"), ("de", "", "en"),
        ("en-GB", "fr", "en"), ("", "fr", "fr"), ("*", "fr", "fr"), ("\x00;;q=x", "", "en"),
    ],
)  # fmt: skip
def test_otherwise_the_browsers_else_the_sites(
    nobody: Client, asked: str, chosen: str, spoken: str, people: People
) -> None:
    SiteSettings.objects.create(pk=1, language=chosen)
    response = nobody.get("/login", headers={"accept-language": asked})
    assert response.headers["content-language"] == spoken


def test_a_session_lasts_while_pages_are_opened_and_not_while_a_page_asks_by_itself(
    viewer: Client, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer.get("/profile")
    session = Session.objects.get()
    assert 29 * 60 < (session.expire_date - timezone.now()).total_seconds() <= 30 * 60
    Session.objects.update(expire_date=timezone.now() + timedelta(minutes=1))
    later = time.time() + 120
    monkeypatch.setattr("batch.web.middleware.time.time", lambda: later)
    viewer.get("/balance", headers={"hx-request": "true"})
    assert (Session.objects.get().expire_date - timezone.now()).total_seconds() <= 60
    viewer.get("/profile")
    assert (Session.objects.get().expire_date - timezone.now()).total_seconds() > 29 * 60


def test_an_ended_session_is_logged_out(viewer: Client) -> None:
    assert viewer.get("/profile").status_code == 200
    Session.objects.update(expire_date=timezone.now())
    assert viewer.get("/profile").status_code == 302


def test_a_session_ends_twelve_hours_after_its_login_however_busy_it_is(
    viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = time.time()
    for hours, status in ((0, 200), (6, 200), (11.9, 200), (12.1, 302)):
        monkeypatch.setattr("batch.web.middleware.time.time", lambda after=hours * 3600: began + after)
        assert viewer.get("/profile").status_code == status
    monkeypatch.undo()
    assert viewer.get("/profile").status_code == 302
