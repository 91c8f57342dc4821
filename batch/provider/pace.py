"""How fast requests leave: evenly, and for all threads and connections of this process together."""

from __future__ import annotations

import threading
import time
from urllib.parse import urlsplit

from batch.settings import is_this_machine

DEFAULT_PER_SECOND = 30.0
"""Below the 2,000 a minute and address above which the provider says "slow down"."""


def choose_pace(url: str, chosen: float | None) -> float:
    """Choose how many requests a second may leave for an address; 0 is any number.

    What was chosen holds everywhere. By default there is no limit to this machine: a stand-in has none.
    """
    if chosen is not None:
        return chosen
    return 0.0 if is_this_machine(urlsplit(url).hostname or "") else DEFAULT_PER_SECOND


class _Queue:
    """The moments at which requests may leave, each taken by one of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next = 0.0

    def ask(self) -> float:
        """Ask how many seconds from now the next moment is."""
        return max(0.0, self._next - time.monotonic())

    def take(self, apart: float) -> float:
        """Take the next moment, `apart` seconds after which is another; returns how many seconds from now it is."""
        with self._lock:
            now = time.monotonic()
            mine = max(self._next, now)
            self._next = mine + apart
        return mine - now


_queue = _Queue()
"""One for the process: the provider counts by address, however many connections a site has open."""


class Pace:
    """The pace of one connection."""

    def __init__(self, per_second: float = 0.0) -> None:
        self.apart = 1 / per_second if per_second else 0.0
        """Seconds between two requests."""

    def ahead(self) -> float:
        """Ask how many seconds the next request would wait."""
        return _queue.ask() if self.apart else 0.0

    def wait(self) -> None:
        """Wait until the next request may leave."""
        if self.apart:
            time.sleep(_queue.take(self.apart))


AS_FAST_AS_CAN_BE = Pace()
