"""What every answer has in common."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from batch.web.models import SiteSettings
from tests.web.conftest import ClientFor, People, Site

_PAGES = ("/", "/login", "/profile", "/administration/", "/nowhere")


@pytest.mark.parametrize("path", _PAGES)
def test_every_page_has_a_strict_policy_and_is_not_kept(path: str, people: People, client_for: ClientFor) -> None:
    response = client_for(people.administrator).get(path)
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-frame-options"] == "DENY"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize("path", _PAGES)
def test_no_page_has_inline_scripts_or_styles(path: str, people: People, client_for: ClientFor) -> None:
    page = client_for(people.administrator).get(path).content.decode()
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", page)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8000", "[::2]"])
def test_a_page_elsewhere_cannot_reach_the_site_by_a_name_of_its_own(host: str, client_for: ClientFor) -> None:
    response = client_for(None).get("/login", headers={"host": host})
    assert response.status_code == 400
    assert "csrfmiddlewaretoken" not in response.content.decode()


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000"])
def test_this_machines_names_reach_it(host: str, client_for: ClientFor) -> None:
    assert client_for(None).get("/login", headers={"host": host}).status_code == 200


def test_a_person_is_spoken_to_in_the_language_they_chose(people: People, client_for: ClientFor) -> None:
    client = client_for(people.viewer)
    assert 'lang="en"' in client.get("/").content.decode()
    people.viewer.language = "fr"
    people.viewer.save()
    page = client.get("/").content.decode()
    assert 'lang="fr"' in page
    assert "Se déconnecter" in page


@pytest.mark.parametrize(
    ("asked", "chosen", "spoken"),
    [
        ("fr-CA,fr;q=0.9,en;q=0.5", "", "fr"),
        ("de,fr;q=0.5", "", "fr"),
        ("de", "fr", "fr"),
        ("de", "", "en"),
        ("en-GB", "fr", "en"),
        ("", "fr", "fr"),
        ("*", "fr", "fr"),
        ("\x00;;q=x", "", "en"),
    ],
)
def test_otherwise_the_browsers_else_the_sites(
    asked: str, chosen: str, spoken: str, client_for: ClientFor, people: People
) -> None:
    SiteSettings.objects.create(pk=1, language=chosen)
    response = client_for(None).get("/login", headers={"accept-language": asked})
    assert response.headers["content-language"] == spoken


def test_a_session_lasts_while_pages_are_opened_and_not_while_a_page_asks_by_itself(
    people: People, client_for: ClientFor, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_for(people.viewer)
    client.get("/profile")
    session = Session.objects.get()
    assert 29 * 60 < (session.expire_date - timezone.now()).total_seconds() <= 30 * 60
    Session.objects.update(expire_date=timezone.now() + timedelta(minutes=1))
    monkeypatch.setattr("batch.web.middleware.time.time", lambda: 10_000_000_000.0)
    client.get("/balance", headers={"hx-request": "true"})
    assert (Session.objects.get().expire_date - timezone.now()).total_seconds() <= 60
    client.get("/profile")
    assert (Session.objects.get().expire_date - timezone.now()).total_seconds() > 29 * 60


def test_an_ended_session_is_logged_out(people: People, client_for: ClientFor) -> None:
    client = client_for(people.viewer)
    assert client.get("/profile").status_code == 200
    Session.objects.update(expire_date=timezone.now())
    assert client.get("/profile").status_code == 302
