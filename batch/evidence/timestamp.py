"""Have a message stamped by an authority of RFC 3161, and read what a stamp is worth.

Two things about rfc3161-client decide what is written here. It reads strict DER, where sets are sorted, and authorities
(OpenSSL's among them) write the certificates as they come: they are sorted first, which no signature covers. And every
self-signed certificate that it is handed counts as a root, those given as `intermediates` too, and up to 1.0.8 those
that the stamp itself carries: a stamp's own certificates are never handed to it where trust is decided.
"""

from __future__ import annotations

import hashlib
import shlex
import time
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from http import HTTPStatus
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import requests
from cryptography import x509
from cryptography.x509.oid import NameOID
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from rfc3161_client import (
    HashAlgorithm,
    PKIStatus,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from batch import __version__
from batch.errors import SettingsError, TimestampError, explain_os_error
from batch.i18n import _, show_value
from batch.notes import make_note, tell
from batch.provider.http import explain_failure, find_certificates
from batch.settings import TIMESTAMP_CA_FILE

MESSAGE_NAME = "timestamp-tip.json"
TOKEN_NAME = "timestamp.tsr"  # noqa: S105 (a file's name)
PATIENCE = 30.0
"""Seconds in which an authority must have answered, to the last byte."""
_CONNECT_SECONDS = 10.0
_MOST_BYTES = 1_000_000
_SHA256 = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")
_NOT_TRUSTED = "certificate verify error"
"""What OpenSSL says where no root vouches for a certificate. It looks at this before it looks at the signature."""

_CERTIFICATES = 0xA0
_SHORT = 0x80
"""The tag of the certificates in what is signed, and the most that a length of one byte can be."""


class Trust(StrEnum):
    """How far the signature of a stamp was checked."""

    ROOT = "root"
    """Up to one of the given roots."""
    ITSELF = "itself"
    """Only against the certificates that it carries, which anybody can make."""
    NONE = "none"
    """Not at all: it carries too few certificates, and no given root vouches for them."""


class _Part(NamedTuple):
    """Where a value of DER begins, where what it holds begins, and where both end."""

    start: int
    content: int
    end: int


@dataclass(frozen=True, slots=True)
class Timestamp:
    """What a stamp of this message says."""

    moment: datetime
    authority: str
    """Who signed it, as its certificate says; fit for a sentence."""
    trust: Trust


def request_timestamp(url: str, message: bytes) -> bytes:
    """Have the message stamped, and return the answer as it came, once it is seen to be a stamp of this message.

    Only a hash leaves this machine. `TimestampError` says in one sentence why there is no stamp.
    """
    query = TimestampRequestBuilder(
        data=message, hash_algorithm=HashAlgorithm.SHA256, nonce=True, cert_req=True
    ).build()
    token = _fetch(url, query.as_bytes())
    try:
        response = _decode(token)
        words = show_value(" ".join(response.status_string))
        is_granted = response.status == PKIStatus.GRANTED
        # An answer of yesterday to the same question would be a stamp as well, of another moment.
        is_ours = is_granted and _is_stamp(response, message) and response.tst_info.nonce == query.nonce
    except Exception as error:
        raise _make_error(url, _("its answer is not a time stamp in strict DER")) from error
    if not is_granted:
        why = _("it refuses, and says “{words}”").format(words=words) if words else _("it refuses, without a reason")
        raise _make_error(url, why)
    if not is_ours:
        raise _make_error(url, _("its answer belongs to another question"))
    read_timestamp(token, message, None)
    return token


def read_timestamp(token: bytes, message: bytes, roots: bytes | None) -> Timestamp:
    """Read a stamp of the message; the roots, PEM, decide whether its signature is trusted.

    `TimestampError` if it is damaged, of something else, or cannot be read.
    """
    trusted = _parse_roots(roots)
    try:
        response = _decode(token)
        moment = response.tst_info.gen_time.astimezone(UTC)
        is_of_it = _is_stamp(response, message)
        carried = [x509.load_der_x509_certificate(der) for der in response.signed_data.certificates]
        authority = _name_authority(_find_signer(response, carried))
        trust = _judge(response, message, trusted, carried) if is_of_it else Trust.NONE
    except TimestampError:
        raise
    except Exception as error:
        sentence = _(
            "The time stamp cannot be read: it is damaged, lacks its signer's certificate, or is not in strict DER, "
            "the only form that is read here; “openssl ts -verify” takes others."
        )
        raise TimestampError(sentence) from error
    if not is_of_it:
        raise TimestampError(_("The time stamp is of something else: it was changed, or what it was given for was."))
    return Timestamp(moment, authority, trust)


def read_roots(path: Path | None) -> bytes | None:
    """Read the file of the certificates that stamps are trusted by; `SettingsError` if it cannot be used."""
    if path is None:
        return None
    try:
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        why = explain_os_error(error) if isinstance(error, OSError) else _("it is not a file's name")
        sentence = _("The file {file} that {setting} names cannot be read: {why}.")
        raise SettingsError(sentence.format(file=path, setting=TIMESTAMP_CA_FILE, why=why)) from error
    _parse_roots(content)
    return content


def explain_trust(stamp: Timestamp, *, has_roots: bool) -> str:
    """Say in one sentence by whom the stamp is, and how far that was checked."""
    if stamp.trust is Trust.ROOT:
        sentence = _("Stamped by {authority}, whom a certificate in {setting} vouches for.")
    elif has_roots and stamp.trust is Trust.ITSELF:
        sentence = _("Stamped by somebody called {authority}, whom no certificate in {setting} vouches for.")
    elif has_roots:
        sentence = _("No certificate in {setting} vouches for {authority}: the time stamp's signature was not checked.")
    elif stamp.trust is Trust.ITSELF:
        sentence = _(
            "Stamped by somebody called {authority}, by the certificates that the time stamp carries: name the "
            "authority's own in {setting}, or check with openssl."
        )
    else:
        sentence = _(
            "The time stamp names {authority}, but its signature was not checked: name the authority's certificates in "
            "{setting}, or check with openssl."
        )
    return sentence.format(authority=stamp.authority, setting=TIMESTAMP_CA_FILE)


def make_openssl_line(roots: Path | None = None, moment: datetime | None = None) -> str:
    """Make the line that checks the stamp of an archive without this program.

    With the stamp's moment it goes on to work when the authority's certificate has expired.
    """
    line = f"openssl ts -verify -data {MESSAGE_NAME} -in {TOKEN_NAME} -CAfile {shlex.quote(str(roots or 'ROOT.pem'))}"
    return line if moment is None else f"{line} -attime {int(moment.timestamp())}"


def _fetch(url: str, query: bytes) -> bytes:
    """Post the query, and read all of the answer.

    In a thread, because the library's timeouts are for each piece that comes, and a slow drip never meets them.
    """
    done = Future[tuple[int, bytes]]()
    told = {"verify": find_certificates(), "done": done}
    Thread(target=_exchange, args=(url, query), kwargs=told, daemon=True, name="time stamp").start()
    try:
        status, answer = done.result(PATIENCE)
    except TimeoutError as error:
        raise _make_error(url, tell(make_note("answer-late"))) from error
    except Exception as error:
        raise _make_error(url, tell(explain_failure(error))) from error
    if status != HTTPStatus.OK:
        # Another address that it sends to is not asked: who gave this one did not mean it.
        raise _make_error(url, tell(make_note("answer-status", status=status)))
    if len(answer) > _MOST_BYTES:
        raise _make_error(url, tell(make_note("answer-too-long")))
    return answer


def _exchange(url: str, query: bytes, *, verify: str | bool, done: Future[tuple[int, bytes]]) -> None:
    ends = time.monotonic() + PATIENCE
    headers = {
        "Content-Type": "application/timestamp-query",
        "Accept": "application/timestamp-reply",
        "Accept-Encoding": "identity",
        "User-Agent": f"creditbatch/{__version__}",
    }
    try:
        # Not by a session: that follows redirects, keeps cookies, and takes passwords from .netrc.
        request = requests.Request("POST", url, headers, data=query).prepare()
        timeout = (min(_CONNECT_SECONDS, PATIENCE), PATIENCE)
        with (
            closing(HTTPAdapter()) as adapter,
            adapter.send(request, True, timeout, verify, proxies=get_environ_proxies(url)) as answer,  # noqa: FBT003
        ):
            body = b""
            while len(body) <= _MOST_BYTES and (piece := answer.raw.read1(_MOST_BYTES)):
                body += piece
                if time.monotonic() >= ends:
                    raise TimeoutError
            done.set_result((answer.status_code, body))
    except BaseException as error:  # noqa: BLE001 (it is raised where it is waited for)
        done.set_exception(error)


def _make_error(url: str, why: str) -> TimestampError:
    sentence = _("{url} gave no time stamp: {why}.")
    return TimestampError(sentence.format(url=show_value(url), why=why))


def _is_stamp(response: TimeStampResponse, message: bytes) -> bool:
    """Tell whether it is of this message."""
    imprint = response.tst_info.message_imprint
    return (imprint.hash_algorithm, imprint.message) == (_SHA256, hashlib.sha256(message).digest())


def _parse_roots(roots: bytes | None) -> list[x509.Certificate]:
    if roots is None:
        return []
    try:
        return x509.load_pem_x509_certificates(roots)
    except ValueError as error:
        sentence = _("The file that {setting} names holds no certificates in the form PEM.")
        raise SettingsError(sentence.format(setting=TIMESTAMP_CA_FILE)) from error


def _find_signer(response: TimeStampResponse, carried: Sequence[x509.Certificate]) -> x509.Certificate:
    (info,) = response.signed_data.signer_infos
    # With two of that name the library could look at the purpose of one, and at the signature by the other.
    (signer,) = (one for one in carried if (one.issuer, one.serial_number) == (info.issuer, info.serial_number))
    return signer


def _name_authority(signer: x509.Certificate) -> str:
    names = signer.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return show_value(str(names[0].value) if names else signer.subject.rfc4514_string())


def _judge(
    response: TimeStampResponse, message: bytes, trusted: list[x509.Certificate], carried: list[x509.Certificate]
) -> Trust:
    if trusted and _is_vouched(response, message, trusted):
        return Trust.ROOT
    return Trust.ITSELF if _is_vouched(response, message, carried) else Trust.NONE


def _is_vouched(response: TimeStampResponse, message: bytes, roots: list[x509.Certificate]) -> bool:
    """Tell whether the signature is whole and leads to one of the roots; `TimestampError` if it is not whole."""
    try:
        return VerifierBuilder(roots=roots).build().verify_message(response, message)
    except VerificationError as error:
        if _NOT_TRUSTED in str(error):
            return False
        sentence = _("The time stamp is damaged: its signature does not fit, or its signer may not stamp.")
        raise TimestampError(sentence) from error


def _decode(token: bytes) -> TimeStampResponse:
    return decode_timestamp_response(_sort_certificates(token))


def _sort_certificates(token: bytes) -> bytes:
    """Put the certificates in the order that strict DER has, which changes no length; what is odd is left as it is."""
    with suppress(ValueError, IndexError):
        response = _split_der(token, _Part(0, 0, len(token)))[0]
        stamp = _split_der(token, response)[1]
        wrapped = _split_der(token, stamp)[1]
        signed = _split_der(token, wrapped)[0]
        for part in _split_der(token, signed):
            if token[part.start] == _CERTIFICATES:
                inside = sorted(token[one.start : one.end] for one in _split_der(token, part))
                return token[: part.content] + b"".join(inside) + token[part.end :]
    return token


def _split_der(data: bytes, whole: _Part) -> list[_Part]:
    """Split what a value of DER holds into the values in it."""
    parts, start = [], whole.content
    while start < whole.end:
        length, content = data[start + 1], start + 2
        if length > _SHORT:
            content += length - _SHORT
            length = int.from_bytes(data[start + 2 : content], "big")
        if length == _SHORT or content + length > whole.end:
            raise ValueError("this is not DER")
        parts.append(_Part(start, content, content + length))
        start = content + length
    return parts
