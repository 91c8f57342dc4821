from __future__ import annotations

import pytest
from django.conf import settings
from django.core import mail
from django.utils import timezone

from batch.web.audit import Occasion, notify
from batch.web.models import AuditEntry, Draft, Person, StoredFile, Version
from tests.web.conftest import People


@pytest.fixture
def draft(people: People, mails: object, monkeypatch: pytest.MonkeyPatch) -> Draft:
    """A sheet that the preparer uploaded and the second approver corrected; mail is kept in memory."""
    monkeypatch.setattr(settings, "CREDITBATCH_SITE_URL", "https://credits.example.com")
    draft = Draft.objects.create(created_by=people.preparer, version=2)
    file = StoredFile.objects.create(name="novembre\r\nBcc: x@example.com.csv", sha256="0" * 64, size=1, data=b"x")
    for number, author in ((1, people.preparer), (2, people.second_approver)):
        Version.objects.create(
            draft=draft, number=number, file=file, created_by=author, checked_at=timezone.now(), screen_digest=""
        )
    return draft


def test_who_had_a_hand_in_a_draft_is_not_asked_to_approve_it(draft: Draft, people: People) -> None:
    notify(Occasion.WAITS, draft=draft)
    assert sorted(message.to[0] for message in mail.outbox) == ["administrator@example.com", "approver@example.com"]


def test_each_person_is_written_to_in_their_language_with_a_link(draft: Draft, people: People) -> None:
    Person.objects.filter(pk=people.approver.pk).update(language="fr")
    notify(Occasion.WAITS, draft=draft)
    by_person = {message.to[0]: message for message in mail.outbox}
    english, french = by_person["administrator@example.com"], by_person["approver@example.com"]
    assert english.subject == "novembre Bcc: x@example.com.csv waits for approval"
    assert "Approbation attendue" in french.subject
    assert "Bonjour Approver Test," in french.body
    for message in (english, french):
        assert f"https://credits.example.com/drafts/{draft.pk}" in message.body
        assert "\n" not in message.subject


def test_the_reason_is_in_the_mail(draft: Draft) -> None:
    notify(Occasion.START_FAILED, draft=draft, reason="The balances have changed.")
    assert all("The balances have changed." in message.body for message in mail.outbox)
    told = {message.to[0].partition("@")[0] for message in mail.outbox}
    assert told == {"preparer", "approver", "administrator", "second"}


def test_people_who_are_gone_or_have_no_address_get_none(draft: Draft, people: People) -> None:
    Person.objects.filter(pk=people.approver.pk).update(is_active=False)
    Person.objects.filter(pk=people.administrator.pk).update(email="")
    notify(Occasion.WAITS, draft=draft)
    assert mail.outbox == []


def test_a_mail_server_that_is_away_breaks_nothing_and_is_told_in_the_audit_log(
    draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend")
    monkeypatch.setattr(settings, "EMAIL_HOST", "127.0.0.1")
    monkeypatch.setattr(settings, "EMAIL_PORT", 1)
    notify(Occasion.WAITS, draft=draft)
    entry = AuditEntry.objects.get(action="mail.failed")
    assert entry.particulars == {"event": "waits", "failure": "ConnectionRefusedError"}


def test_without_a_mail_server_nothing_is_sent(draft: Draft, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "CREDITBATCH_HAS_MAIL", False)
    notify(Occasion.WAITS, draft=draft)
    assert mail.outbox == []
    assert not AuditEntry.objects.exists()
