from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.http import QueryDict
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from batch.i18n import Language, use_language
from batch.web.auth.services import check_confirmation, explain_refusal
from batch.web.models import AuditEntry, Person
from tests.web.conftest import PASSWORD, People


def posted(value: str) -> QueryDict:
    return QueryDict(urlencode({"confirmation": value}))


def code_of(device: TOTPDevice, steps: int = 0) -> str:
    """The code that the app shows, some steps of half a minute away."""
    generator = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift + steps)
    return f"{generator.token():06d}"


@pytest.fixture
def device(people: People) -> TOTPDevice:
    return TOTPDevice.objects.create(user=people.approver, name="app", confirmed=True)


def test_the_password_confirms(people: People) -> None:
    assert check_confirmation(people.approver, posted(PASSWORD)) == "password"
    assert check_confirmation(people.approver, posted("wrong")) is None
    assert check_confirmation(people.approver, posted("")) is None
    assert check_confirmation(people.approver, QueryDict()) is None
    assert AuditEntry.objects.filter(action="confirmation.failed", person=people.approver).count() == 3


def test_after_five_wrong_passwords_the_right_one_has_to_wait(people: People) -> None:
    for _attempt in range(5):
        check_confirmation(people.approver, posted("wrong"))
    assert check_confirmation(people.approver, posted(PASSWORD)) is None
    assert "quarter of an hour" in explain_refusal(people.approver)
    assert check_confirmation(people.second_approver, posted(PASSWORD)) == "password"


def test_a_right_password_forgets_the_wrong_ones(people: People) -> None:
    for _round in range(3):
        for _attempt in range(4):
            assert check_confirmation(people.approver, posted("wrong")) is None
        assert check_confirmation(people.approver, posted(PASSWORD)) == "password"
    assert "not your password" in explain_refusal(people.approver)


def test_with_an_authenticator_its_code_confirms_and_the_password_does_not(people: People, device: TOTPDevice) -> None:
    assert check_confirmation(people.approver, posted(PASSWORD)) is None
    assert "authenticator" in explain_refusal(people.approver)
    device.refresh_from_db()
    device.throttle_reset()
    code = code_of(device)
    assert check_confirmation(people.approver, posted(f"{code[:3]} {code[3:]}")) == "totp"


def test_a_code_works_once(people: People, device: TOTPDevice) -> None:
    code = code_of(device)
    assert check_confirmation(people.approver, posted(code)) == "totp"
    assert check_confirmation(people.approver, posted(code)) is None


def test_wrong_codes_make_the_right_one_wait(people: People, device: TOTPDevice) -> None:
    for _attempt in range(3):
        check_confirmation(people.approver, posted("000000"))
    device.refresh_from_db()
    assert check_confirmation(people.approver, posted(code_of(device))) is None


def test_who_entered_many_wrong_codes_is_told_how_long_to_wait(people: People, device: TOTPDevice) -> None:
    assert check_confirmation(people.approver, posted("000000")) is None
    assert "wait for the next one" in explain_refusal(people.approver)
    failed = timezone.now()
    TOTPDevice.objects.update(throttling_failure_count=9, throttling_failure_timestamp=failed)
    assert check_confirmation(people.approver, posted(code_of(device))) is None
    until = (failed + timedelta(seconds=2**8)).astimezone()
    assert f"wait until {until:%H:%M:%S}" in explain_refusal(people.approver)
    with use_language(Language.FRENCH):
        assert explain_refusal(people.approver).startswith("Trop de codes incorrects")


def test_a_device_that_is_not_confirmed_yet_counts_for_nothing(people: People, device: TOTPDevice) -> None:
    TOTPDevice.objects.update(confirmed=False)
    assert check_confirmation(people.approver, posted(code_of(device))) is None
    assert check_confirmation(people.approver, posted(PASSWORD)) == "password"


def test_a_deactivated_person_confirms_nothing(people: People) -> None:
    Person.objects.filter(pk=people.approver.pk).update(is_active=False)
    assert check_confirmation(people.approver, posted(PASSWORD)) is None
