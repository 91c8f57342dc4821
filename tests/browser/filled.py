"""`python -m tests.browser.filled`: something of every kind for a site that runs, so that each page has what to show.

Run in a process of its own with the site's environment. Prints the address of each page.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from batch.settings import load_environment, load_settings
from batch.web.configure import configure
from tests.browser.steps import SHEET, sheet_of

SAMPLES = Path(__file__).parents[2] / "samples"


def main() -> None:
    """Fill it, the batch in doubt last: nothing more is sent on the account then."""
    settings = load_settings(load_environment(os.environ, Path.cwd()))
    configure(settings.home, settings.database_url)
    waiting = _draft("waiting.csv", SHEET.replace("12,50", "12,51"))
    _version(waiting, "waiting.csv", SHEET.replace("12,50", "12,52"), made_by="file")
    mistakes = _draft("mistakes.xlsx", (SAMPLES / "mistakes.xlsx").read_bytes())
    large = _draft("thousand.xlsx", (SAMPLES / "thousand.xlsx").read_bytes())
    approved = _approved("approved.csv", SHEET.replace("12,50", "12,53"))
    finished = _performed(_approved("finished.csv", sheet_of(60)))
    running = _performed(_approved("running.csv", SHEET.replace("12,50", "12,54")))
    # Row 3 loses its answer, and two cents are too little for the balances to tell.
    stopped = _performed(_approved("doubtful.csv", SHEET.replace("3;add", "0,02;add")))
    queued = _approved("queued.csv", "Token;Amount;Direction\nsub-0020;7;add\n")
    _started(queued, lambda job: job.waits_for == stopped)
    _held(running)
    pages = {
        "home": "/", "upload": "/drafts/new", "review, mistakes": f"/drafts/{mistakes}",
        "review, waiting": f"/drafts/{waiting}", "review, large": f"/drafts/{large}",
        "review, approved": f"/drafts/{approved}", "review, queued": f"/drafts/{queued}",
        "review, rows filtered": f"/drafts/{mistakes}?status=invalid&sort=-amount",
        "accounts of a draft": f"/drafts/{large}/accounts", "changes": f"/drafts/{waiting}/changes/2",
        "correct a cell": f"/drafts/{mistakes}/cell/5/0", "history": "/batches/",
        "history, nothing found": "/batches/?q=nothing-like-this",
        "history, nonsense asked": f"/batches/?state=evil&page=evil&q={'9' * 300}",
        "batch, finished": f"/batches/{finished}/", "batch, stopped": f"/batches/{stopped}/",
        "batch, running": f"/batches/{running}/", "row": f"/batches/{finished}/rows/2",
        "row, in doubt": f"/batches/{stopped}/rows/3", "send again": f"/batches/{finished}/again",
        "sub-accounts": "/accounts/", "sub-account": "/accounts/sub-0001/",
        "administration": "/administration/", "people": "/administration/people",
        "add a person": "/administration/people/new", "person": "/administration/people/2",
        "connection": "/administration/connection", "limits": "/administration/settings",
        "audit log": "/administration/log", "profile": "/profile", "password": "/profile/password",
        "confirm who you are": "/profile/authenticator", "second factor": "/profile/second-factor",
        "sessions": "/profile/sessions", "no such page": "/nothing",
    }  # fmt: skip
    print(json.dumps(pages))


def _draft(name: str, content: str | bytes) -> str:
    from batch.web.models import Draft

    draft = Draft.objects.create(created_by=_person("paula"))
    return _version(str(draft.pk), name, content, made_by="upload")


def _version(pk: str, name: str, content: str | bytes, made_by: str) -> str:
    from batch.web.drafts.approval_policy import Options
    from batch.web.drafts.checking import check_version
    from batch.web.drafts.conventions import SheetReading
    from batch.web.models import Draft, StoredFile

    data = content if isinstance(content, bytes) else content.encode()
    file = StoredFile.objects.create(name=name, sha256=hashlib.sha256(data).hexdigest(), size=len(data), data=data)
    check_version(Draft.objects.get(pk=pk), SheetReading(file), Options(), _person("paula"), made_by=made_by)
    return pk


def _approved(name: str, content: str) -> str:
    from batch.web.drafts.approvals import approve
    from batch.web.models import Draft, Version

    draft = Draft.objects.get(pk=_draft(name, content))
    version = Version.objects.get(draft=draft, number=draft.version)
    assert approve(draft, version, version.screen_digest, _person("anton"), "password")
    return str(draft.pk)


def _performed(pk: str) -> str:
    """By the site's own worker, to its end; the batch."""
    return str(_started(pk, lambda job: job.state == "ended").batch)


def _started(pk: str, is_there: Callable[[Any], bool]) -> Any:
    """The start of a draft, once it has come to what is waited for."""
    from django.utils import timezone

    from batch.web.batches import jobs
    from batch.web.models import Draft, Job
    from tests.browser.served import wait_for

    job = jobs.ask_to_start(Draft.objects.get(pk=pk), _person("anton"), timezone.now())
    wait_for(lambda: is_there(Job.objects.get(pk=job.pk)))
    return Job.objects.get(pk=job.pk)


def _held(batch: str) -> None:
    """Shown as under way for as long as the tests live: they pass for the worker of its job."""
    from django.utils import timezone

    from batch.ledger.lease import name_process
    from batch.web.models import Job

    now, worker = timezone.now(), name_process(os.getppid())
    whose = {"pid": worker.pid, "pid_started": worker.started, "host": worker.machine, "boot": worker.boot}
    Job.objects.create(batch=batch, state="working", asked_by=_person("anton"), due_at=now, began_at=now, **whose)


def _person(username: str):  # type: ignore[no-untyped-def] # the models exist once Django is configured
    from batch.web.models import Person

    return Person.objects.get(username=username)


if __name__ == "__main__":
    main()
