"""Time stamps: given by a real authority, of this message or of another, and trusted only by roots that are given."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from batch.errors import CreditbatchError, SettingsError, TimestampError
from batch.evidence import timestamp
from batch.evidence.timestamp import (
    Trust,
    explain_trust,
    make_openssl_line,
    read_roots,
    read_timestamp,
    request_timestamp,
)
from batch.i18n import Language, use_language
from tests.evidence.authority import (
    Authority,
    issue_certificate,
    make_certificates,
    needs_openssl,
    run_openssl,
    unsort,
)

pytestmark = needs_openssl
MESSAGE = b'{"batch":"20261130-120000-abc123","events":41,"hash":"00"}'


@pytest.fixture(scope="module")
def impostor(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Somebody who made certificates of the very same names."""
    folder = tmp_path_factory.mktemp("impostor")
    make_certificates(folder, "Local Authority")
    return Authority(folder, "Local Authority")


def roots_of(*authorities: Authority) -> bytes:
    return b"".join(one.roots.read_bytes() for one in authorities)


def set_time(token: bytes, old: datetime, new: datetime) -> bytes:
    """The stamp with another time in it."""
    written = f"{old:%Y%m%d%H%M%SZ}".encode()
    assert token.count(written) == 1
    return token.replace(written, f"{new:%Y%m%d%H%M%SZ}".encode())


def stamp_with_mail_certificate(authority: Authority, beside: Path | None) -> bytes:
    """What an owner of any certificate of the authority's can make: a stamp of the message, signed with that."""
    folder = authority.folder
    issue_certificate(folder, "mail", "/O=Anybody/CN=Local Authority", above="between", kind="mails")
    (folder / "true.tsr").write_bytes(authority.stamp(authority.ask(MESSAGE)))
    run_openssl(folder, "ts", "-reply", "-in", "true.tsr", "-token_out", "-out", "true.der")
    run_openssl(folder, "cms", "-verify", "-noverify", "-inform", "DER", "-in", "true.der", "-out", "info")
    (folder / "beside.pem").write_bytes(
        (folder / "between.pem").read_bytes() + (beside.read_bytes() if beside else b"")
    )
    signed = run_openssl(
        folder, "cms", "-sign", "-binary", "-nodetach", "-econtent_type", "1.2.840.113549.1.9.16.1.4", "-outform",
        "DER", "-in", "info", "-signer", "mail.pem", "-inkey", "mail.key", "-certfile", "beside.pem", "-nosmimecap",
    )  # fmt: skip
    granted = bytes.fromhex("3003020100")
    return b"\x30\x82" + (len(granted) + len(signed)).to_bytes(2, "big") + granted + signed


class TestAStampOfTheMessage:
    @pytest.mark.parametrize("manner", ["stamp", "whole-chain", "unsorted"])
    def test_it_is_trusted_up_to_a_given_root(self, authority: Authority, manner: str) -> None:
        authority.manner = manner
        token = request_timestamp(authority.url, MESSAGE)
        stamp = read_timestamp(token, MESSAGE, roots_of(authority))
        assert (stamp.authority, stamp.trust) == ("Local Authority", Trust.ROOT)
        assert stamp.moment.tzinfo is UTC
        assert abs(stamp.moment - datetime.now(UTC)) < timedelta(seconds=60)

    def test_the_question_tells_a_hash_a_nonce_and_nothing_else(self, authority: Authority) -> None:
        for _time in range(2):
            request_timestamp(authority.url, MESSAGE)
        first, second = authority.questions
        assert first != second
        assert MESSAGE not in first
        assert len(first) < 80
        assert authority.headers["Content-Type"] == "application/timestamp-query"

    def test_one_root_of_several_is_enough(self, authority: Authority, impostor: Authority) -> None:
        token = request_timestamp(authority.url, MESSAGE)
        assert read_timestamp(token, MESSAGE, roots_of(impostor, authority)).trust is Trust.ROOT

    def test_certificates_that_it_does_not_carry_may_stand_with_the_roots(self, authority: Authority) -> None:
        authority.manner = "bare"
        token = request_timestamp(authority.url, MESSAGE)
        assert read_timestamp(token, MESSAGE, roots_of(authority)).trust is Trust.NONE
        assert read_timestamp(token, MESSAGE, (authority.folder / "chain.pem").read_bytes()).trust is Trust.ROOT

    def test_openssl_agrees_and_goes_on_to_when_the_certificate_has_expired(self, authority: Authority) -> None:
        token = request_timestamp(authority.url, MESSAGE)
        moment = read_timestamp(token, MESSAGE, None).moment
        assert make_openssl_line() == ("openssl ts -verify -data timestamp-tip.json -in timestamp.tsr -CAfile ROOT.pem")
        assert "Verification: OK" in authority.verify(MESSAGE, token, make_openssl_line())
        assert "Verification: OK" in authority.verify(MESSAGE, token, make_openssl_line(authority.roots, moment))
        assert "Verification: FAILED" in authority.verify(MESSAGE + b" ", token, make_openssl_line())
        in_20_years = moment + timedelta(days=7300)
        assert "has expired" in authority.verify(MESSAGE, token, make_openssl_line(moment=in_20_years))

    def test_a_root_with_a_blank_in_its_name_is_quoted_for_the_shell(self) -> None:
        assert make_openssl_line(Path("our root's.pem")).endswith("""-CAfile 'our root'"'"'s.pem'""")


class TestAStampBySomebodyElse:
    @pytest.mark.parametrize(
        ("manner", "trust"), [("whole-chain", Trust.ITSELF), ("unsorted", Trust.ITSELF), ("stamp", Trust.NONE)]
    )
    def test_without_roots_it_says_who_it_claims_to_be(self, authority: Authority, manner: str, trust: Trust) -> None:
        authority.manner = manner
        stamp = read_timestamp(request_timestamp(authority.url, MESSAGE), MESSAGE, None)
        assert (stamp.authority, stamp.trust) == ("Local Authority", trust)

    @pytest.mark.parametrize("manner", ["whole-chain", "unsorted", "stamp", "bare"])
    def test_the_certificates_that_it_carries_are_never_trusted(
        self, authority: Authority, impostor: Authority, manner: str
    ) -> None:
        # Up to its version 1.0.8 the library takes a root that the stamp itself carries for one of ours.
        token = impostor.stamp(authority.ask(MESSAGE), manner)
        for token_of_impostor in (unsort(token), token) if manner == "whole-chain" else (token,):
            stamp = read_timestamp(token_of_impostor, MESSAGE, roots_of(authority))
            assert stamp.trust is not Trust.ROOT
            assert "Local Authority" in explain_trust(stamp, has_roots=True)
        assert "FAILED" in authority.verify(MESSAGE, token, make_openssl_line())

    def test_a_certificate_for_mail_does_not_stamp_though_a_root_vouches_for_it(self, authority: Authority) -> None:
        token = stamp_with_mail_certificate(authority, None)
        assert read_timestamp(token, MESSAGE, roots_of(authority)).trust is Trust.NONE

    def test_two_certificates_of_one_name_and_number_are_not_told_apart(
        self, authority: Authority, impostor: Authority
    ) -> None:
        # One is vouched for, and is for mail; the other says of itself that it stamps.
        token = stamp_with_mail_certificate(authority, impostor.folder / "stamper.pem")
        with pytest.raises(TimestampError, match="cannot be read"):
            read_timestamp(token, MESSAGE, roots_of(authority))

    def test_each_answer_is_another_sentence(self) -> None:
        moment = datetime(2026, 11, 30, tzinfo=UTC)
        told = {
            explain_trust(timestamp.Timestamp(moment, "Somebody", trust), has_roots=has_roots)
            for trust, has_roots in [
                (Trust.ROOT, True),
                *((trust, has_roots) for trust in (Trust.ITSELF, Trust.NONE) for has_roots in (True, False)),
            ]
        }
        assert len(told) == 5
        assert all("Somebody" in sentence and "CREDITBATCH_TIMESTAMP_CA_FILE" in sentence for sentence in told)


class TestAStampThatIsWorthNothing:
    def test_one_of_another_message_is_an_error(self, authority: Authority) -> None:
        token = request_timestamp(authority.url, MESSAGE)
        for roots in (None, roots_of(authority)):
            with pytest.raises(TimestampError, match="is of something else"):
                read_timestamp(token, MESSAGE + b" ", roots)

    def test_a_changed_time_is_an_error(self, authority: Authority) -> None:
        authority.manner = "whole-chain"
        token = request_timestamp(authority.url, MESSAGE)
        now = read_timestamp(token, MESSAGE, None).moment
        later = set_time(token, now, now + timedelta(hours=1))
        for roots in (None, roots_of(authority)):
            with pytest.raises(TimestampError, match="is damaged: its signature does not fit"):
                read_timestamp(later, MESSAGE, roots)

    def test_a_time_before_the_certificate_is_not_trusted(self, authority: Authority) -> None:
        token = request_timestamp(authority.url, MESSAGE)
        now = read_timestamp(token, MESSAGE, None).moment
        earlier = set_time(token, now, now - timedelta(days=31))
        assert read_timestamp(earlier, MESSAGE, roots_of(authority)).trust is Trust.NONE

    def test_damage_at_any_place_is_one_sentence_or_changes_nothing_that_is_said(self, authority: Authority) -> None:
        token = authority.stamp(authority.ask(MESSAGE), "whole-chain")
        whole = read_timestamp(token, MESSAGE, roots_of(authority))
        for place in range(0, len(token), 7):
            damaged = token[:place] + bytes([token[place] ^ 0x11]) + token[place + 1 :]
            # Another error than of this kind fails here.
            with suppress(TimestampError):
                stamp = read_timestamp(damaged, MESSAGE, roots_of(authority))
                assert stamp.trust is not Trust.ROOT or stamp == whole
        for length in range(0, len(token), 97):
            with pytest.raises(TimestampError, match="cannot be read"):
                read_timestamp(token[:length], MESSAGE, None)

    @pytest.mark.parametrize("token", [b"", b"\x30", b"\x30\x80", b"\x30\x84\xff\xff\xff\xff", b"<html>", bytes(5000)])
    def test_what_is_none_is_told(self, token: bytes) -> None:
        with pytest.raises(TimestampError, match=r"cannot be read.*strict DER.*openssl ts -verify"):
            read_timestamp(token, MESSAGE, None)

    def test_a_refusal_that_was_kept_is_none(self, authority: Authority) -> None:
        with pytest.raises(TimestampError, match="cannot be read"):
            read_timestamp(authority.stamp(authority.ask(MESSAGE), "refuse"), MESSAGE, None)


class TestAuthoritiesThatGiveNone:
    @pytest.mark.parametrize(
        ("manner", "words"),
        [
            ("refuse", "it refuses, and says “Message digest algorithm is not supported.”"),
            ("garbage", "its answer is not a time stamp"),
            ("empty", "its answer is not a time stamp"),
            ("too-long", "the answer was too long"),
            ("status", "the answer had HTTP status 503"),
            ("other-message", "its answer belongs to another question"),
            ("other-nonce", "its answer belongs to another question"),
        ],
    )
    def test_each_is_told_by_its_address_and_why(self, authority: Authority, manner: str, words: str) -> None:
        authority.manner = manner
        with pytest.raises(TimestampError) as caught:
            request_timestamp(authority.url, MESSAGE)
        assert str(caught.value).startswith(f"{authority.url} gave no time stamp: {words}")
        assert caught.value.kind == "timestamp"

    def test_another_address_is_not_followed(self, authority: Authority) -> None:
        authority.manner = "redirect"
        with pytest.raises(TimestampError, match="the answer had HTTP status 302"):
            request_timestamp(authority.url, MESSAGE)
        assert len(authority.questions) == 1

    @pytest.mark.parametrize("manner", ["hang", "drip", "drip-head"])
    def test_none_is_waited_for_longer_than_the_patience(
        self, authority: Authority, manner: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(timestamp, "PATIENCE", 0.3)
        authority.manner = manner
        began = time.monotonic()
        with pytest.raises(TimestampError, match="no answer came in time"):
            request_timestamp(authority.url, MESSAGE)
        assert time.monotonic() - began < 1.5

    def test_one_that_is_not_there_is_told(self) -> None:
        with socket.socket() as reserved:
            reserved.bind(("127.0.0.1", 0))
            with pytest.raises(TimestampError, match="the connection was refused"):
                request_timestamp(f"http://127.0.0.1:{reserved.getsockname()[1]}", MESSAGE)
        with pytest.raises(TimestampError, match="the host name is not known"):
            request_timestamp("http://no-such-host.invalid", MESSAGE)

    def test_it_is_told_in_the_language_of_who_asked(self, authority: Authority) -> None:
        authority.manner = "status"
        with use_language(Language.FRENCH), pytest.raises(TimestampError, match="statut HTTP 503"):
            request_timestamp(authority.url, MESSAGE)

    def test_passwords_of_netrc_are_not_sent(
        self, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password hidden-0123\n")
        monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
        request_timestamp(authority.url, MESSAGE)
        assert "Authorization" not in authority.headers

    def test_no_thread_is_left_of_one_that_answered(self, authority: Authority) -> None:
        before = set(threading.enumerate())
        request_timestamp(authority.url, MESSAGE)
        left = [thread for thread in set(threading.enumerate()) - before if thread.name == "time stamp"]
        for thread in left:
            thread.join(2)
        assert [thread for thread in left if thread.is_alive()] == []


class TestRoots:
    def test_no_file_is_no_roots(self) -> None:
        assert read_roots(None) is None

    def test_the_file_is_read_as_it_is(self, authority: Authority) -> None:
        assert read_roots(authority.roots) == authority.roots.read_bytes()

    @pytest.mark.parametrize(
        "content", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
    )
    def test_what_holds_no_certificates_names_the_setting(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "roots.pem").write_bytes(content)
        with pytest.raises(SettingsError, match="CREDITBATCH_TIMESTAMP_CA_FILE names holds no certificates"):
            read_roots(tmp_path / "roots.pem")

    def test_one_that_is_missing_names_the_setting(self, tmp_path: Path) -> None:
        with pytest.raises(
            CreditbatchError, match=r"roots\.pem that CREDITBATCH_TIMESTAMP_CA_FILE names cannot be read"
        ):
            read_roots(tmp_path / "roots.pem")
