"""Sign a batch's record, have it stamped, record the files that tell of it, and judge what was signed and stamped.

Whoever writes holds the batch's account, as everybody who writes to a ledger does.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from batch import __version__
from batch.errors import TimestampError
from batch.evidence.signature import (
    KEY_NAME,
    encode_public_key,
    has_signed,
    load_signing_key,
    read_public_key,
    sign_message,
)
from batch.export import write_batch
from batch.files import Record
from batch.i18n import _, format_moment, format_number, get_language
from batch.ledger.events import FileWritten, Tip, TipSigned, TipStamped, make_tip_message
from batch.ledger.protocol import Ledger
from batch.ledger.replay import Replay, find_last_proof
from batch.ledger.verify import verify_record
from batch.model import BatchView, Event
from batch.settings import Settings
from batch.zone import localize, name_zone


def sign_record(ledger: Ledger, batch: str, key: Ed25519PrivateKey, now: Callable[[], datetime]) -> None:
    """Sign the batch's tip, as an event, unless nothing but proofs was recorded since it was signed with this key."""
    public = encode_public_key(read_public_key(key))
    last = find_last_proof(ledger.view_events(batch), "tip-signed")
    if last is None or last.data.get("key") != public:
        tip = ledger.read_tip(batch)
        signature = base64.b64encode(sign_message(key, make_tip_message(batch, tip))).decode()
        ledger.append(batch, [TipSigned(now(), tip.number, tip.hash, public, signature)])


def stamp_record(ledger: Ledger, batch: str, url: str, now: Callable[[], datetime]) -> None:
    """Have the authority put the time on the batch's tip, unless nothing but proofs was recorded since one did.

    `TimestampError` if it does not.
    """
    if find_last_proof(ledger.view_events(batch), "tip-stamped") is None:
        # Its libraries take longer to load than all else of the command line.
        from batch.evidence.timestamp import request_timestamp

        tip = ledger.read_tip(batch)
        token = base64.b64encode(request_timestamp(url, make_tip_message(batch, tip))).decode()
        ledger.append(batch, [TipStamped(now(), tip.number, tip.hash, url, token)])


def record_file(ledger: Ledger, batch: str, name: str, sha256: str, events: int, written_at: datetime) -> None:
    """Record a file that was written in the language and the zone in force, and tells of so many events."""
    form = Path(name).suffix.lower().removeprefix(".")
    fact = FileWritten(written_at, name, sha256, form, get_language().value, name_zone(), __version__, events)
    ledger.append(batch, [fact])


def record_written_file(ledger: Ledger, batch: str, path: Path, events: int, written_at: datetime) -> None:
    """Record the file as it stands there."""
    prepare_record(ledger, batch, path, events, written_at)(path)


def prepare_record(ledger: Ledger, batch: str, path: Path, events: int, written_at: datetime) -> Record:
    """Prepare to record a file before it takes the name: whatever has it is known, even if the process dies then."""

    def record(whole: Path) -> None:
        with whole.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        record_file(ledger, batch, path.name, digest, events, written_at)

    return record


def write_recorded_report(ledger: Ledger, batch: str, path: Path, now: Callable[[], datetime]) -> BatchView:
    """Write the batch's report and record it; returns what it tells of. `ReportError` if it cannot be written."""
    view, written_at = ledger.view(batch), now()
    write_batch(path, view, written_at, prepare_record(ledger, batch, path, len(view.events), written_at))
    return view


def list_writings(replay: Replay) -> list[FileWritten]:
    """List the files that events tell of, oldest first."""
    return [_read_writing(event) for event in replay.proofs if event.kind == "file-written"]


def _read_writing(event: Event) -> FileWritten:
    """Read what the event says of a file; `TypeError` if no version writes that."""
    data = _read_data(event)
    if not isinstance(data["events"], int) or any(not isinstance(data[name], str) for name in {*data} - {"events"}):
        raise TypeError
    return FileWritten(event.at, **data)


def verify_proven_record(
    ledger: Ledger, settings: Settings, batch: str, printed: str | None = None
) -> tuple[Replay, Sequence[str], str | None]:
    """Verify the record, and what was signed and stamped; returns what that proves, and the first difference.

    `printed` is a hash from paper to look for. `SettingsError` if the own key cannot be read.
    """
    replay, difference = verify_record(ledger, batch, [printed] if printed else [])
    return (replay, [], difference) if difference is not None else (replay, *judge_own_proofs(replay, settings, batch))


def judge_own_proofs(replay: Replay, settings: Settings, batch: str) -> tuple[Sequence[str], str | None]:
    """Judge the proofs as `judge_proofs` does, by this ledger's key and the roots that are set."""
    if not replay.proofs:
        return [], None
    from batch.evidence.timestamp import read_roots

    return judge_proofs(replay, batch, _find_public_key(settings), read_roots(settings.timestamp_ca_file))


def _find_public_key(settings: Settings) -> str | None:
    """Find the public half of the signing key; None where there is no key, which verifying never makes."""
    if settings.signing_key_file is None and not (settings.home / KEY_NAME).exists():
        return None
    return encode_public_key(read_public_key(load_signing_key(settings.home, settings.signing_key_file)))


def judge_proofs(
    replay: Replay, batch: str, own_key: str | None, roots: bytes | None
) -> tuple[Sequence[str], str | None]:
    """Judge the signatures and time stamps among the events: return what they prove, and the first that is false.

    `own_key` is the public half of this ledger's key in base64, None if it has none here.
    """
    proven: list[str] = []
    try:
        for said, difference in _judge_each(replay, batch, own_key, roots):
            if difference is not None:
                return proven, difference
            proven.append(said)
    except (ValueError, TypeError, AttributeError, LookupError):
        # Who computes the chain anew may put anything into an event.
        sentence = _("The ledger holds something of batch {batch} that no version writes: it was changed.")
        return proven, sentence.format(batch=batch)
    return proven, None


def _judge_each(
    replay: Replay, batch: str, own_key: str | None, roots: bytes | None
) -> Iterator[tuple[str, str | None]]:
    """Judge one after the other: what it proves, or why it is false."""
    for event in replay.proofs:
        if event.kind == "file-written":
            _read_writing(event)
            continue
        data = _read_data(event)
        tip = Tip(data["events"], data["hash"])
        if replay.tips_of_proofs.get(event.number) != tip:
            sentence = _("Event {number} speaks of another record than the one before it: it was taken from elsewhere.")
            yield "", sentence.format(number=event.number)
        elif event.kind == "tip-signed":
            is_last = not any(_is_signed_later(other, event, own_key) for other in replay.proofs)
            yield _judge_signature(data, event, batch, tip, own_key, is_last=is_last)
        else:
            yield _judge_stamp(data, event, batch, tip, roots)


def _is_signed_later(other: Event, event: Event, own_key: str | None) -> bool:
    return other.kind == "tip-signed" and other.number > event.number and other.data["key"] == own_key


def _judge_signature(
    data: dict[str, Any], event: Event, batch: str, tip: Tip, own_key: str | None, *, is_last: bool
) -> tuple[str, str | None]:
    """Judge a signature. One by an earlier key may stand before one by this ledger's, which covers it."""
    fields = {"number": event.number, "events": format_number(tip.number), "key": data["key"], "own": own_key}
    try:
        public, signature = (base64.b64decode(data[name], validate=True) for name in ("key", "signature"))
    except (binascii.Error, ValueError):
        public, signature = b"", b""
    if not has_signed(public, make_tip_message(batch, tip), signature):
        return "", _("The signature in event {number} is not one of this record.").format(**fields)
    if own_key is not None and data["key"] != own_key and is_last:
        sentence = _(
            "Event {number} was signed with the key {key}, not with this ledger's ({own}). If that is an earlier key "
            "of yours, name its file in CREDITBATCH_SIGNING_KEY_FILE and verify again."
        )
        return "", sentence.format(**fields)
    sentence = _("Signed up to event {events} with the key {key}, which is this ledger's.")
    if data["key"] != own_key:
        sentence = _("Signed up to event {events} with the key {key}: compare it with the key on the signed page.")
    return sentence.format(**fields), None


def _judge_stamp(
    data: dict[str, Any], event: Event, batch: str, tip: Tip, roots: bytes | None
) -> tuple[str, str | None]:
    from batch.evidence.timestamp import explain_trust, read_timestamp

    try:
        token = base64.b64decode(data["token"], validate=True)
        stamp = read_timestamp(token, make_tip_message(batch, tip), roots)
    except (binascii.Error, ValueError, TimestampError) as error:
        return "", _("The time stamp in event {number}: {why}").format(number=event.number, why=error)
    sentence = _("Stamped up to event {events} at {moment} ({zone}). {trust}")
    trust = explain_trust(stamp, has_roots=roots is not None)
    moment, zone = format_moment(localize(stamp.moment)), name_zone()
    return sentence.format(events=format_number(tip.number), moment=moment, zone=zone, trust=trust), None


def _read_data(event: Event) -> dict[str, Any]:
    return dict(event.data)
