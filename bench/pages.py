"""How soon every main page of the site answers with many batches in the ledger: from the request to the last byte."""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batch.settings import KEY as KEY_NAME
from bench.batches import copy_batch, record_finished
from bench.measuring import Effort, folder, process, python
from bench.providers import KEY, address, provider
from bench.results import Answer, limited
from bench.server import token
from bench.sheets import known_to, text

if TYPE_CHECKING:
    from django.test import Client

BATCHES = 200
ROWS = 1_000
MOST_MS = 100.0
"""As the issue asks; a page's static files come from the browser's cache."""


def answers(effort: Effort) -> Iterator[Answer]:
    """Each page has its median, its questions to the database and its size.

    In a process of its own: Django is set up once in a process, and elsewhere it is set up without the site.
    """
    batches, rows = effort.of(BATCHES), effort.of(ROWS)
    with folder() as home, provider() as port:
        arguments = ("-m", "bench.pages", str(batches), str(rows), str(max(5, effort.repeats)))
        url = {"CREDITBATCH_HOME": str(home / "ledger"), "CREDITBATCH_API_URL": address(port), KEY_NAME: KEY}
        _taken, found = process(python(*arguments), cwd=home, environ=url)
    for page, milliseconds, questions, size in json.loads(found):
        figures = f"{milliseconds:.0f} ms, {questions} questions to the database, {size / 1000:.0f} kB"
        yield limited(f"page: {page}, {batches} batches of {rows:,} rows", milliseconds, MOST_MS, "ms", figures)


def main() -> None:
    """Fill a site and ask for its pages; what was found, as JSON."""
    batches, rows, repeats = map(int, sys.argv[1:])
    home = Path(os.environ["CREDITBATCH_HOME"])
    with _site(home) as client:
        pages = _pages(client, home, batches, rows)
        print(json.dumps([(page, *_ask(client, at, repeats)) for page, at in pages.items()]))


@contextmanager
def _site(home: Path) -> Iterator[Client]:
    """A site in this process, and a browser in which somebody with every role is logged in."""
    from batch.web import settings
    from batch.web.configure import configure

    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    (home / "static").mkdir(parents=True)
    configure(home, None, hosts=["testserver"])
    from django.db import connections
    from django.test import Client

    from batch.web.models import Person

    roles = {"can_prepare": True, "can_approve": True, "can_administer": True}
    person = Person.objects.create(username="bench", **roles)
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    yield client
    connections["default"].close()


def _pages(client: Client, home: Path, batches: int, rows: int) -> Mapping[str, str]:
    """Fill the ledger; the address of each page. The draft goes through the site's own upload."""
    from batch.ledger.orm.store import DatabaseLedger

    record_finished(known_to(DatabaseLedger()), rows, "b-0")
    for number in range(1, batches):
        copy_batch("b-0", f"a-{number}")
    with text(home / "bench.csv", rows).open("rb") as file:
        draft = client.post("/drafts/new", {"sheet_file": file}).headers["location"]
    return {
        "home": "/",
        "upload": "/drafts/new",
        "review": draft,
        "review by amount": f"{draft}?sort=-amount",
        "accounts of a review": f"{draft}/accounts",
        "batches": "/batches/",
        "batches, last page": f"/batches/?page={max(1, batches // 50)}",
        "batches by token": f"/batches/?q={token(3)}",
        "batches by amount": "/batches/?amount=12,50",
        "batches by a name that nobody has": "/batches/?q=nobody",
        "report": "/batches/b-0/",
        "report by amount": "/batches/b-0/?sort=amount&dir=desc",
        "row": "/batches/b-0/rows/2",
        "sub-accounts": "/accounts/",
        "sub-account": f"/accounts/{token(3)}/",
        "people": "/administration/people",
        "audit log": "/administration/log",
    }


def _ask(client: Client, page: str, repeats: int) -> tuple[float, int, int]:
    """Median milliseconds, questions to the database, bytes."""
    from django.db import connection

    questions: list[str] = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        questions.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        answer = client.get(page)
    if answer.status_code != 200:
        raise ValueError(f"{page}: {answer.status_code}")
    taken = [_milliseconds(lambda: client.get(page)) for _ in range(repeats)]
    return statistics.median(taken), len(questions), len(answer.content)


def _milliseconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
