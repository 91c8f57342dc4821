"""The worker process, `python -m batch.web.batches.worker JOB`: it performs one job as the command line does, with the
ledger, the provider and the key of the site.
"""

from __future__ import annotations

import logging
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from batch.errors import AccountInUse, BatchUnfinished, CreditbatchError
from batch.i18n import Language, _, set_language
from batch.settings import Settings, load_environment, load_settings

if TYPE_CHECKING:
    from batch.web.models import Job

_log = logging.getLogger("creditbatch.web")


def main() -> int:
    """Perform the job that the command line names. Return the exit code: 0 if it came to its end."""
    from batch.web.configure import configure, start_log

    settings = load_settings(load_environment(os.environ, Path.cwd()))
    configure(settings.home, settings.database_url)
    start_log(settings.home, rotates=False)
    from batch.web.batches import jobs
    from batch.web.models import Job

    job = Job.objects.select_related("draft", "asked_by").get(id=int(sys.argv[1]))
    if not jobs.register_worker(job):
        return 1
    set_language(Language(job.asked_by.language or Language.ENGLISH))
    try:
        perform_job(job, settings)
        error = ""
    except (AccountInUse, BatchUnfinished) as busy:
        # What was started is not lost: it waits until the account is free.
        jobs.queue(job, busy.batch or "", str(busy))
        return 0
    except CreditbatchError as failure:
        error = str(failure)
    except Exception:  # noqa: BLE001 (the last resort: whatever it is, it becomes one sentence)
        _log.exception("job %s failed", job.id)
        error = _("The program has a fault; what was sent is in the ledger, and the site’s log says more.")
    jobs.end(job, error)
    job.refresh_from_db()
    _tell(job, error)
    return 1 if error else 0


def perform_job(job: Job, settings: Settings) -> None:
    """Start the job's draft, or carry its batch on. A `CreditbatchError` says why it could not begin or go on."""
    from batch.ledger.orm.store import DatabaseLedger
    from batch.planning.retry import RetryPolicy
    from batch.runner.dry_run import read_account
    from batch.runner.execute import perform
    from batch.runner.open_account import (
        accept_key,
        bind_account,
        hold_account,
        refuse_another_account,
        refuse_another_address,
    )
    from batch.runner.session import Environment, RunOptions
    from batch.settings import read_choices
    from batch.web import credentials
    from batch.web.batches.run_job import JobProgressListener, JobStopSignal, begin, bind_draft

    api_url, key = credentials.load_connection()
    ledger = DatabaseLedger(beside=lambda batch: bind_draft(job, batch))
    if job.batch:
        refuse_another_address(ledger, job.batch, api_url)
    brake = JobStopSignal(job.id)
    brake.listen()
    who = str(job.asked_by)
    with credentials.open_client() as client:
        access, _is_new = bind_account(
            ledger,
            api_url,
            key.compute_fingerprint(),
            lambda: read_account(client, api_url, read_clock).owner,
            read_clock(),
        )
        if job.batch:
            refuse_another_account(ledger, job.batch, access)
        with hold_account(ledger, access.account, read_clock, resuming=job.batch or None):
            pages: dict[str, int] = {}
            if job.batch:
                accept_key(
                    ledger,
                    job.batch,
                    access,
                    lambda: [one.token for one in client.fetch_subaccounts()],
                    who,
                    read_clock(),
                )
                work = ledger.work(job.batch)
            else:
                work, pages = begin(job, client, ledger, access, read_clock())
            choices = read_choices(ledger.read_options(job.batch))
            client.keep_pace(choices.max_per_second)
            options = RunOptions(
                policy=RetryPolicy(settings.max_attempts, settings.backoff_seconds),
                settle_seconds=settings.settle_seconds,
                ask_before_resend=choices.ask_before_resend,
                refresh=bool(not pages),
                by=who,
            )
            perform(Environment(client, ledger, read_clock, brake, JobProgressListener(job.id)), work, options, pages)


def read_clock() -> datetime:
    return datetime.now(UTC)


def _tell(job: Job, error: str) -> None:
    """Write to those whom the end concerns."""
    from batch.ledger.orm.queries import read_line
    from batch.model import BatchState, Status
    from batch.web.audit import Occasion, notify
    from batch.web.batches.jobs import judge_batch, load_books

    if not job.batch:
        notify(Occasion.START_FAILED, draft=job.draft, reason=error)
        return
    line, books = read_line(job.batch), load_books(job.batch)

    def tell_verdict() -> str:
        # In the language of whoever is written to.
        return judge_batch(line.head, line.tally, line.head.state, books).in_full

    if line.head.state is BatchState.FINISHED:
        notify(Occasion.FINISHED, batch=job.batch, reason=tell_verdict)
    elif job.stop_asked_by_id is None or line.tally.rows[Status.UNKNOWN]:
        notify(Occasion.NEEDS_DECISION, batch=job.batch, reason=lambda: f"{tell_verdict()} {error}".rstrip())


if __name__ == "__main__":
    sys.exit(main())
