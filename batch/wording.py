"""The few words that stand for a status, a state, a direction and a severity wherever a person reads one.

JSON, codes and the ledger keep the values themselves, which are English for everybody.
"""

from __future__ import annotations

from batch.finding_rules import Severity
from batch.language import pgettext
from batch.model import BatchState, Direction, Status


def status_word(status: Status) -> str:
    """What has become of a row, in a word."""
    match status:
        case Status.PENDING:
            return pgettext("status of a row", "pending")
        case Status.DONE:
            return pgettext("status of a row", "done")
        case Status.REFUSED:
            return pgettext("status of a row", "refused")
        case Status.INVALID:
            return pgettext("status of a row", "invalid")
        case Status.UNKNOWN:
            return pgettext("status of a row", "unknown")


def state_word(state: BatchState) -> str:
    """Where a batch stands, in a word."""
    match state:
        case BatchState.CHECKED:
            return pgettext("state of a batch", "checked")
        case BatchState.APPROVED:
            return pgettext("state of a batch", "approved")
        case BatchState.RUNNING:
            return pgettext("state of a batch", "running")
        case BatchState.STOPPED:
            return pgettext("state of a batch", "stopped")
        case BatchState.FINISHED:
            return pgettext("state of a batch", "finished")
        case BatchState.ABANDONED:
            return pgettext("state of a batch", "abandoned")
        case BatchState.REJECTED:
            return pgettext("state of a batch", "rejected")


def direction_word(direction: Direction) -> str:
    """Which way credit moves, in a word that a sheet's direction column may hold."""
    match direction:
        case Direction.ADD:
            return pgettext("direction", "add")
        case Direction.REMOVE:
            return pgettext("direction", "remove")


def severity_word(severity: Severity) -> str:
    """How bad a finding is, in a word."""
    match severity:
        case Severity.ERROR:
            return pgettext("severity", "error")
        case Severity.WARNING:
            return pgettext("severity", "warning")
        case Severity.NOTE:
            return pgettext("severity", "note")
