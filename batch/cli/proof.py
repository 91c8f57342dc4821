"""Prove what was done: sign and record what is written, verify a record, hand out its evidence and the public key."""

from __future__ import annotations

import gc
import shlex
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from batch.cli.terminal import open_ledger, print_json, read_clock, read_environment, say
from batch.errors import AccountInUse, LedgerError, ReportError, SettingsError, TimestampError, UsageError
from batch.export import SCHEMA_VERSION, Document, refuse_replacing, refuse_replacing_of_batch, write_batch
from batch.files import open_whole_file
from batch.i18n import _, format_number, ngettext
from batch.ledger.replay import Replay, rebuild_view
from batch.model import BatchView
from batch.runner.open_account import hold_batch
from batch.settings import Settings, check_timestamp_url, load_settings

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from batch.ledger.protocol import Ledger

REPORTS = Path("reports")
_HASH_DIGITS = 64


def load_key_early(settings: Settings) -> None:
    """Refuse a signing key that cannot be used, before anything is sent that it is to sign."""
    _load_key(settings)


def _load_key(settings: Settings) -> Ed25519PrivateKey:
    from batch.evidence.signature import load_signing_key

    return load_signing_key(settings.home, settings.signing_key_file)


def choose_authority(settings: Settings, url: str | None) -> str | None:
    """Choose the address of the time-stamping authority: the one given, checked, else the one that is set."""
    if url is None:
        return settings.timestamp_url
    try:
        return check_timestamp_url(url, "--timestamp")
    except SettingsError as error:
        raise UsageError(str(error)) from error


def write_signed_report(
    ledger: Ledger, settings: Settings, batch: str, path: Path, authority: str | None
) -> tuple[BatchView, Path | None]:
    """Sign and stamp the record and write its report, while its account is held; returns what the report tells of.

    What cannot be signed, stamped or written is said, and is no reason to lose the rest.
    """
    from batch.evidence.seal import write_recorded_report

    _seal(ledger, settings, batch, authority)
    try:
        return write_recorded_report(ledger, batch, path, read_clock), path
    except ReportError as error:
        tell_unwritten(batch, error)
        return ledger.view(batch), None


def tell_unwritten(batch: str, error: ReportError) -> None:
    """Tell that a report could not be written, after a run that was right all the same."""
    sentence = _("{why} `creditbatch report {batch} --out FILE.xlsx` writes it elsewhere.")
    say("creditbatch: " + sentence.format(why=error, batch=batch))


def _seal(ledger: Ledger, settings: Settings, batch: str, authority: str | None) -> None:
    from batch.evidence.seal import sign_record, stamp_record

    try:
        sign_record(ledger, batch, _load_key(settings), read_clock)
        if authority is not None:
            stamp_record(ledger, batch, authority, read_clock)
    except SettingsError as error:
        say("creditbatch: " + _("{why} The record was not signed.").format(why=error))
    except TimestampError as error:
        sentence = _("{why} `creditbatch report {batch} --timestamp {url}` tries again.")
        say("creditbatch: " + sentence.format(why=error, batch=batch, url=shlex.quote(authority or "")))


def record_unless_held(ledger: Ledger, view: BatchView, path: Path) -> None:
    """Record a file that was written; while the batch is run by another process, or the ledger cannot be written, none
    is: the file is right all the same.
    """
    from batch.evidence.seal import record_written_file

    batch = str(view.head.batch)
    try:
        with hold_batch(ledger, batch, read_clock):
            record_written_file(ledger, batch, path, len(view.events), read_clock())
    except (AccountInUse, LedgerError) as error:
        say("creditbatch: " + _("The file is not recorded in the ledger: {why}").format(why=error))


def rewrite_report(batch: str, *, out: Path | None, force: bool, timestamp: str | None) -> int:
    """Write the workbook from the ledger alone."""
    settings = load_settings(read_environment())
    ledger, authority = open_ledger(settings), choose_authority(settings, timestamp)
    path = out or REPORTS / f"{batch}.xlsx"
    ledger.read_head(batch)
    refuse_replacing_of_batch(ledger, batch, path, force=force)
    write_report_again(ledger, settings, batch, path, authority)
    print(_("Report: {path}").format(path=path))
    return 0


def write_report_again(ledger: Ledger, settings: Settings, batch: str, path: Path, authority: str | None) -> None:
    """Sign and stamp a record that nobody holds, and write its report; `ReportError` if it cannot be written."""
    from batch.evidence.seal import write_recorded_report

    try:
        with hold_batch(ledger, batch, read_clock):
            _seal(ledger, settings, batch, authority)
            write_recorded_report(ledger, batch, path, read_clock)
    except (AccountInUse, LedgerError) as error:
        # A report is there to be read, also while the batch is run, or from a ledger that can only be read.
        write_batch(path, ledger.view(batch), read_clock())
        say("creditbatch: " + _("The file is not recorded in the ledger: {why}").format(why=error))


def verify_batches(
    batch: str | None, *, report: Path | None, last_hash: str | None, is_all: bool, timestamp: str | None, json: bool
) -> int:
    """Go through one record, or all, and say the first place where one parts from itself."""
    if (batch is None) == (not is_all) or (is_all and (report or timestamp)):
        raise UsageError(_("Name one batch, or give --all for every batch, with no more than --last-hash."))
    settings = load_settings(read_environment())
    ledger = open_ledger(settings)
    printed = None if last_hash is None else _read_hash(last_hash)
    if batch is not None:
        authority = None if timestamp is None else choose_authority(settings, timestamp)
        found = _verify_one(ledger, settings, batch, report, printed, authority)
    else:
        found = _verify_all(ledger, settings, printed)
    if json:
        print_json({"schema_version": SCHEMA_VERSION, **found})
    return 0 if found["whole"] else 1


def _read_hash(text: str) -> str:
    """Read a hash as somebody types it from paper: with spaces, in capitals."""
    digits = "".join(text.split()).lower()
    if len(digits) != _HASH_DIGITS or set(digits) - set("0123456789abcdef"):
        raise UsageError(_("--last-hash takes the 64 digits (0 to 9, a to f) of the ledger's last hash on the report."))
    return digits


def _verify_one(
    ledger: Ledger, settings: Settings, batch: str, report: Path | None, printed: str | None, authority: str | None
) -> Document:
    """Verify one record, say what was found, and make the document that `--json` prints."""
    from batch.evidence.seal import judge_own_proofs, stamp_record

    replay, proven, difference = _walk(ledger, settings, batch, printed)
    if difference is None and printed is not None and not replay.sought[printed]:
        difference = _(
            "No event of batch {batch} has the hash {hash}: the page is of another batch, or the record was written "
            "anew or cut since."
        ).format(batch=batch, hash=printed)
    if difference is None and report is not None:
        difference = _compare(ledger, batch, replay, report)
    if difference is None and authority is not None:
        with hold_batch(ledger, batch, read_clock):
            stamp_record(ledger, batch, authority, read_clock)
        while (event := ledger.read_event(batch, replay.tip.number + 1)) is not None and replay.broken is None:
            replay.take(event)
        proven, difference = judge_own_proofs(replay, settings, batch)
    proofs = _list_proven(replay, proven, printed) if difference is None else []
    found = _make_document(ledger, batch, replay, difference, proofs, report)
    if difference is not None:
        say(f"creditbatch: {difference}")
    else:
        _tell_whole(batch, replay, found["rows"], report)
        for sentence in found["proofs"]:
            say(sentence)
    return found


def _make_document(
    ledger: Ledger, batch: str, replay: Replay, difference: str | None, proofs: list[str], report: Path | None
) -> Document:
    """Make what `--json` prints of a record; of one that is not whole, as far as it could be followed."""
    # An older version did not put the plan among the events.
    rows = None if difference else len(replay.plan) or len(ledger.work(batch).rows)
    return {
        "batch": batch,
        "whole": difference is None,
        "difference": difference,
        "events": replay.tip.number,
        "rows": rows,
        "proofs": proofs,
        "report": str(report) if report else None,
    }


def _walk(
    ledger: Ledger, settings: Settings, batch: str, printed: str | None
) -> tuple[Replay, Sequence[str], str | None]:
    """Verify one record, as `verify_proven_record` does."""
    from batch.evidence.seal import verify_proven_record

    # A record has no cycles, and looking for some among a million values would take a tenth of the time.
    gc.disable()
    try:
        return verify_proven_record(ledger, settings, batch, printed)
    finally:
        gc.enable()


def _compare(ledger: Ledger, batch: str, replay: Replay, report: Path) -> str | None:
    from batch.evidence.comparison import compare_report
    from batch.evidence.seal import list_writings

    def rebuild(count: int) -> BatchView:
        # Read anew, so that nobody keeps many rows longer than they are needed.
        return rebuild_view(ledger.view(batch), count)

    def find_event(digest: str) -> int | None:
        return next((event.number for event in ledger.view_events(batch) if event.hash == digest), None)

    return compare_report(report, list_writings(replay), rebuild, find_event, replay.tip.number)


def _tell_whole(batch: str, replay: Replay, rows: int, report: Path | None) -> None:
    sentence = ngettext(
        "The record of batch {batch} is whole: {events} events and {rows} row agree.",
        "The record of batch {batch} is whole: {events} events and {rows} rows agree.",
        rows,
    )
    if report is not None:
        sentence = ngettext(
            "The record of batch {batch} is whole: {events} events and {rows} row agree with the report.",
            "The record of batch {batch} is whole: {events} events and {rows} rows agree with the report.",
            rows,
        )
    say(sentence.format(batch=batch, events=format_number(replay.tip.number), rows=format_number(rows)))


def _list_proven(replay: Replay, proven: Sequence[str], printed: str | None) -> list[str]:
    """List what is proven beyond the chain, and what is not."""
    said = list(proven)
    if printed is not None:
        sentence = _("The hash from the page is that of event {number} of {total}.")
        number = replay.sought.get(printed) or 0
        said.append(sentence.format(number=format_number(number), total=format_number(replay.tip.number)))
    if not any(event.kind == "tip-signed" for event in replay.proofs):
        said.append(_("It bears no signature: the chain alone does not help against whoever can write to the ledger."))
    if replay.is_of_old_version:
        said.append(
            _("It was recorded by an older version, which did not put all that a report tells among the events.")
        )
    return said


def _verify_all(ledger: Ledger, settings: Settings, printed: str | None) -> Document:
    """Walk through every account's batches, oldest first, and say of each that is not whole what is not; return the
    document that `--json` prints.
    """
    heads: list[Document] = []
    found: str | None = None
    for name in [str(line.head.batch) for line in reversed(ledger.list_batches())]:
        replay, proven, difference = _walk(ledger, settings, name, printed)
        has_hash = printed is not None and bool(replay.sought.get(printed))
        proofs = _list_proven(replay, proven, printed if has_hash else None) if difference is None else []
        heads.append(_make_document(ledger, name, replay, difference, proofs, None))
        if difference is not None:
            say(f"creditbatch: {name}: {difference}")
        if has_hash:
            found = name
    missing = None
    if printed is not None and found is None:
        sentence = _("No event of any batch has the hash {hash}: a batch was taken out, written anew or cut.")
        missing = sentence.format(hash=printed)
        say(f"creditbatch: {missing}")
    is_whole = missing is None and all(head["whole"] for head in heads)
    if is_whole:
        _tell_all_whole(heads, found)
    return {"batches": heads, "whole": is_whole, "difference": missing}


def _tell_all_whole(heads: Sequence[Document], found: str | None) -> None:
    """Tell that every record is whole, and of which batch the hash from the page is, if there is one."""
    sentence = ngettext(
        "The record of {batches} batch is whole: {events} events agree, and each batch with the one before it.",
        "The records of {batches} batches are whole: {events} events agree, and each batch with the one before it.",
        len(heads),
    )
    events = sum(head["events"] for head in heads)
    say(sentence.format(batches=format_number(len(heads)), events=format_number(events)))
    if found is not None:
        say(_("The hash from the page is one of batch {batch}.").format(batch=found))


def write_evidence_file(batch: str, *, out: Path | None, force: bool, timestamp: str | None) -> int:
    """Write everything that proves the batch into one archive, if its record is whole."""
    settings = load_settings(read_environment())
    ledger, authority = open_ledger(settings), choose_authority(settings, timestamp)
    path = out or REPORTS / f"{batch}-evidence.zip"
    if path.suffix.lower() != ".zip":
        raise UsageError(_("{path} is not named like an archive: give it the ending .zip.").format(path=path))
    ledger.read_head(batch)
    refuse_replacing_of_batch(ledger, batch, path, force=force)
    from batch.evidence.gather import find_flaw, write_evidence

    flaw = find_flaw(ledger, settings, batch)
    if flaw is not None:
        say(f"creditbatch: {flaw}")
        return 1
    with hold_batch(ledger, batch, read_clock):
        write_evidence(ledger, batch, path, _load_key(settings), authority, read_clock)
    print(_("Evidence: {path}").format(path=path))
    say(_("Unpack it and open check.html in a browser: it checks the archive without a connection."))
    return 0


def export_public_key(out: Path | None, *, force: bool) -> int:
    """Print the public half of the signing key, which is made on first use, or write it to a file."""
    from batch.evidence.signature import encode_public_key, read_public_key, write_public_pem

    if out is not None:
        refuse_replacing(out, force=force)
    public = read_public_key(_load_key(load_settings(read_environment())))
    pem = write_public_pem(public)
    with nullcontext() if out is None else open_whole_file(out) as file:
        if file is None:
            print(pem.decode(), end="")
        else:
            file.write(pem)
    if out is not None:
        print(_("Public key: {path}").format(path=out))
    say(_("On reports it is printed as {key}").format(key=encode_public_key(public)))
    return 0
