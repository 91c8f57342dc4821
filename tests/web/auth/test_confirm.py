from __future__ import annotations

import time
from urllib.parse import urlencode

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.http import QueryDict

from batch.i18n import Language, use_language
from batch.web.auth.services import check_confirmation, explain_refusal, list_confirmations
from batch.web.credentials import open_vault
from batch.web.models import AuditEntry, Person
from tests.web.conftest import PASSWORD, People


def posted(value: str) -> QueryDict:
    return QueryDict(urlencode({"confirmation": value}))


def enrol(person: Person) -> str:
    """Give them an authenticator; its secret."""
    secret = str(generate_totp_secret())
    TOTP.activate(person, secret)
    return secret


def code_of(secret: str, steps: int = 0) -> str:
    """The code that the app shows, some steps of half a minute away."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps)))


@pytest.fixture
def secret(people: People) -> str:
    return enrol(people.approver)


def test_the_password_confirms(people: People) -> None:
    assert list_confirmations(people.approver) == {"password"}
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


def test_with_an_authenticator_its_code_confirms_and_the_password_does_not(people: People, secret: str) -> None:
    assert list_confirmations(people.approver) == {"code"}
    assert check_confirmation(people.approver, posted(PASSWORD)) is None
    assert "authenticator" in explain_refusal(people.approver)
    code = code_of(secret)
    assert check_confirmation(people.approver, posted(f"{code[:3]} {code[3:]}")) == "totp"


def test_a_code_works_once(people: People, secret: str) -> None:
    code = code_of(secret)
    assert check_confirmation(people.approver, posted(code)) == "totp"
    assert check_confirmation(people.approver, posted(code)) is None


def test_a_phones_clock_may_be_half_a_minute_wrong_and_no_more(people: People, secret: str) -> None:
    assert check_confirmation(people.approver, posted(code_of(secret, -3))) is None
    assert check_confirmation(people.approver, posted(code_of(secret, -1))) == "totp"


def test_a_recovery_code_works_once(people: People, secret: str) -> None:
    code = RecoveryCodes.activate(people.approver).get_unused_codes()[0]
    assert check_confirmation(people.approver, posted(code)) == "recovery"
    assert check_confirmation(people.approver, posted(code)) is None


def test_after_five_wrong_codes_the_right_one_is_told_to_wait_and_not_called_wrong(people: People, secret: str) -> None:
    for _attempt in range(5):
        assert check_confirmation(people.approver, posted("000000")) is None
    assert check_confirmation(people.approver, posted(code_of(secret))) is None
    assert "wait a quarter of an hour" in explain_refusal(people.approver)
    with use_language(Language.FRENCH):
        assert "wait for the next one" not in explain_refusal(people.approver)


def test_secrets_are_encrypted_with_the_vaults_key(people: People, secret: str) -> None:
    RecoveryCodes.activate(people.approver)
    for kept in Authenticator.objects.filter(user=people.approver):
        [stored] = [value for value in kept.data.values() if isinstance(value, str)]
        assert open_vault().decrypt(stored.encode()) != stored.encode()
        assert secret not in str(kept.data)


def test_whoever_has_only_their_organisations_login_enrols_before_they_confirm(people: People) -> None:
    people.approver.set_unusable_password()
    people.approver.save()
    assert list_confirmations(people.approver) == frozenset()
    assert check_confirmation(people.approver, posted("")) is None
    assert "Enrol a passkey or an authenticator" in explain_refusal(people.approver)
    assert check_confirmation(people.approver, posted(code_of(enrol(people.approver)))) == "totp"


def test_a_deactivated_person_confirms_nothing(people: People) -> None:
    Person.objects.filter(pk=people.approver.pk).update(is_active=False)
    assert check_confirmation(people.approver, posted(PASSWORD)) is None
