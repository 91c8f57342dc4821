"""A whole run over TLS with a network round trip of 20 ms: against the provider's own sample, which connects for each
call. Both check the certificate.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.certificates import certificate
from bench.measuring import Effort, folder, timed, turn_about
from bench.providers import address, provider, sample_loop
from bench.proxy import distance
from bench.results import Answer, compared
from bench.running import Fresh
from bench.sheets import new_batch, workbook

ROWS = 1_000
ROUND_TRIP = 0.02
_TRUST = "REQUESTS_CA_BUNDLE"


def answers(effort: Effort) -> Iterator[Answer]:
    """At most 0.4 times."""
    rows = effort.of(ROWS)
    with folder() as home:
        served, trusted = certificate(home)
        with provider(certificate=served) as server, distance(server, ROUND_TRIP) as port, _trusting(trusted):
            url = address(port, tls=True)
            sheet = workbook(home / "sheet.xlsx", rows)
            movements = new_batch(rows, "plan").plan.movements
            ours = Fresh(home, url)
            taken = turn_about(
                effort.repeats,
                theirs=lambda: timed(lambda: sample_loop(url, movements)),
                ours=lambda: ours.run(sheet),
            )
    figures = (
        f"{taken['ours'].seconds:.1f} s with check and report, the provider's sample {taken['theirs'].seconds:.1f} s"
    )
    question = f"a whole run, {rows:,} rows, TLS and a round trip of {ROUND_TRIP * 1e3:.0f} ms"
    yield compared(question, taken["ours"].seconds, taken["theirs"].seconds, 0.4, figures)


@contextmanager
def _trusting(bundle: Path) -> Iterator[None]:
    """The environment names the certificate that is trusted, for this process and those it starts."""
    before = os.environ.get(_TRUST)
    os.environ[_TRUST] = str(bundle)
    try:
        yield
    finally:
        if before is None:
            del os.environ[_TRUST]
        else:
            os.environ[_TRUST] = before
