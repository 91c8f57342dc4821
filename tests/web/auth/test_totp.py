from __future__ import annotations

import re

from django.test import Client
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from batch.web.auth.services import has_totp
from batch.web.models import AuditEntry
from tests.web.auth.test_confirm import code_of
from tests.web.conftest import PASSWORD, People


def _enrol(approver: Client, people: People) -> list[str]:
    approver.get("/profile/authenticator")
    device = TOTPDevice.objects.get(user=people.approver)
    page = approver.post("/profile/authenticator", {"code": code_of(device), "password": PASSWORD}).content.decode()
    return re.findall(r"<li>([0-9a-f]{4}-[0-9a-f]{4})</li>", page)


def test_the_first_code_and_the_password_enrol_it(approver: Client, people: People) -> None:
    codes = _enrol(approver, people)
    assert len(set(codes)) == 8
    assert has_totp(people.approver)
    assert AuditEntry.objects.filter(action="authenticator.enrolled").count() == 1
    assert codes[0] not in approver.get("/profile/authenticator").content.decode()


def test_the_page_draws_the_code_itself_and_shows_the_same_until_it_is_used(approver: Client) -> None:
    pages = [approver.get("/profile/authenticator").content.decode() for _look in range(2)]
    [first], [second] = (re.findall(r'src="(data:image/svg\+xml;base64,[^"]+)"', page) for page in pages)
    assert first == second


def test_a_wrong_code_or_password_does_not_enrol(approver: Client, people: People) -> None:
    approver.get("/profile/authenticator")
    device = TOTPDevice.objects.get(user=people.approver)
    for code, password in (("000000", PASSWORD), (code_of(device), "wrong"), ("", PASSWORD)):
        approver.post("/profile/authenticator", {"code": code, "password": password})
        assert not has_totp(people.approver)


def test_nobody_enrols_over_an_authenticator_that_is_there(approver: Client, people: People) -> None:
    _enrol(approver, people)
    approver.post("/profile/authenticator", {"code": "000000", "password": PASSWORD})
    assert TOTPDevice.objects.filter(user=people.approver).count() == 1


def test_a_recovery_code_removes_it_once(approver: Client, people: People) -> None:
    codes = _enrol(approver, people)
    assert approver.post("/profile/authenticator/remove", {"code": "dead-beef"}).status_code == 200
    assert has_totp(people.approver)
    TOTPDevice.objects.update(throttling_failure_count=0)
    StaticToken.objects.all()[0].device.throttle_reset()
    assert approver.post("/profile/authenticator/remove", {"code": codes[3].upper()}).status_code == 302
    assert not has_totp(people.approver)
    assert not StaticToken.objects.exists()


def test_the_password_does_not_remove_it(approver: Client, people: People) -> None:
    _enrol(approver, people)
    approver.post("/profile/authenticator/remove", {"code": PASSWORD[:12]})
    assert has_totp(people.approver)
