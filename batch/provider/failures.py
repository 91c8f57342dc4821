"""What can go wrong with an exchange, in a few words each."""

from __future__ import annotations

import socket
import ssl
from http.client import HTTPException

from requests.exceptions import InvalidURL
from urllib3.exceptions import ConnectTimeoutError, DecodeError, IncompleteRead, LocationValueError, ProxyError

from batch.language import N_

CUT_SHORT = N_("the answer was cut short")
TOO_LATE = N_("no answer came in time")
TOO_SLOW = N_("the connection took too long")
_UNUSABLE = N_("the address, or the proxy that the environment names, cannot be used")
_WORDS: tuple[tuple[type[BaseException], str], ...] = (
    (InvalidURL, _UNUSABLE),
    (LocationValueError, _UNUSABLE),
    (socket.gaierror, N_("the host name is not known")),
    (ProxyError, N_("the proxy cannot be reached, or refuses")),
    (ssl.SSLCertVerificationError, N_("the server's certificate is not valid")),
    (ssl.SSLError, N_("no secure connection could be made")),
    (ConnectionRefusedError, N_("the connection was refused")),
    (ConnectionError, N_("the connection was closed without an answer")),
    (ConnectTimeoutError, TOO_SLOW),
    (IncompleteRead, CUT_SHORT),
    (TimeoutError, TOO_LATE),
    (DecodeError, N_("the answer could not be decoded")),
    (HTTPException, N_("the answer was not HTTP")),
)


class NotSentError(Exception):
    """Nothing of the request has left; the text says why."""


def find_reason(error: BaseException | None) -> str:
    """Find the words for an exception by what caused it. Never its own text: it may hold what a log must not."""
    causes = []
    while error is not None:
        if isinstance(error, NotSentError):
            return str(error)
        causes.append(error)
        error = error.__cause__ or error.__context__
    found = (words for kind, words in _WORDS if any(isinstance(cause, kind) for cause in causes))
    return next(found, N_("the connection failed"))
