"""The worker process, `python -m batch.web.batches.worker JOB`: it performs one job as the command line does, with the
ledger, the provider and the key of the site.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

from batch.errors import AccountInUse, BatchUnfinished, CreditbatchError
from batch.i18n import Language, _, set_language
from batch.settings import load_environment, load_settings

_log = logging.getLogger("creditbatch.web")


def main() -> int:
    """Perform the job that the command line names. Return the exit code: 0 if it came to its end."""
    from batch.web.configure import configure, start_log

    os.umask(0o077)
    settings = load_settings(load_environment(os.environ, Path.cwd()))
    configure(settings.home, settings.database_url)
    start_log(settings.home, rotates=False)
    from batch.web.batches import jobs, run_job
    from batch.web.models import Job

    job = Job.objects.select_related("draft", "asked_by").get(id=int(sys.argv[1]))
    if not jobs.register_worker(job):
        return 1
    set_language(Language(job.asked_by.language or Language.ENGLISH))
    try:
        run_job.perform_job(job, settings)
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
    run_job.tell_end(job, error)
    return 1 if error else 0


if __name__ == "__main__":
    sys.exit(main())
