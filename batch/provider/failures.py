"""What can go wrong with an exchange."""

from __future__ import annotations

import socket
import ssl
from http.client import HTTPException

from requests.exceptions import InvalidURL
from urllib3.exceptions import ConnectTimeoutError, DecodeError, IncompleteRead, LocationValueError, ProxyError

from batch.notes import Note, note

_CODES: tuple[tuple[type[BaseException], str], ...] = (
    (InvalidURL, "address-unusable"),
    (LocationValueError, "address-unusable"),
    (socket.gaierror, "host-unknown"),
    (ProxyError, "proxy-unreachable"),
    (ssl.SSLCertVerificationError, "certificate-invalid"),
    (ssl.SSLError, "not-secure"),
    (ConnectionRefusedError, "connection-refused"),
    (ConnectionError, "connection-closed"),
    (ConnectTimeoutError, "connection-slow"),
    (IncompleteRead, "answer-cut-short"),
    (TimeoutError, "answer-late"),
    (DecodeError, "answer-not-decodable"),
    (HTTPException, "answer-not-http"),
)


class NotSentError(Exception):
    """Nothing of the request has left; the text is the code of a note that says why."""


def explain_failure(error: BaseException | None) -> Note:
    """Explain an exception by what caused it. Never by its own text: it may hold what a log must not."""
    causes = []
    while error is not None:
        if isinstance(error, NotSentError):
            return note(str(error))
        causes.append(error)
        error = error.__cause__ or error.__context__
    found = (code for kind, code in _CODES if any(isinstance(cause, kind) for cause in causes))
    return note(next(found, "connection-failed"))
