"""The page of an archive, opened from the disk: what is whole is called whole, what was changed is named."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.sync_api import Browser, Locator, Page, Request, expect

from batch.evidence.archive import make_check_page
from batch.i18n import Language, use_language
from tests.browser.conftest import listen
from tests.evidence import archives
from tests.evidence.archives import Entries, accepted, change, change_lines, make_chain, make_evidence, pack, whole

WIDTHS = (1280, 390)
Check = Callable[..., Page]


@pytest.fixture
def check(browser: Browser, tmp_path: Path) -> Iterator[Check]:
    """Gives the page an archive, or files. Nothing may be loaded, and nothing complained about."""
    complaints: list[str] = []
    contexts = []

    def opened(
        *files: tuple[str, bytes], language: Language = Language.ENGLISH, width: int = 1280, init: str = ""
    ) -> Page:
        with use_language(language):
            (tmp_path / "check.html").write_text(make_check_page(), encoding="utf-8")
        context = browser.new_context(viewport={"width": width, "height": 900})
        contexts.append(context)
        page = context.new_page()
        address = (tmp_path / "check.html").as_uri()

        def asked(request: Request) -> None:
            if request.url != address:
                complaints.append(f"asked for {request.url}")

        page.on("request", asked)
        listen(page, complaints)
        page.add_init_script(init)
        page.goto(address)
        if files:
            choose(page, *files)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not complaints


def choose(page: Page, *files: tuple[str, bytes]) -> None:
    payload: Any = [{"name": name, "mimeType": "", "buffer": content} for name, content in files]
    page.locator("#files").set_input_files(payload)
    expect(page.locator("#result")).to_be_visible()


def verdict(page: Page) -> Locator:
    return page.locator("#verdict")


def states(page: Page) -> dict[str, str]:
    """The state of each check, by its title."""
    lines = page.locator("#checks > li").all()
    return {
        line.locator("h3").inner_text().split("\n")[0].split(" (")[0]: str(line.get_attribute("class"))
        for line in lines
    }


def failed(page: Page) -> list[str]:
    return page.locator("#checks > li.bad p:first-of-type").all_inner_texts()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", Language)
def test_a_whole_archive_is_called_whole(check: Check, language: Language, width: int) -> None:
    page = check(("evidence.zip", whole()), language=language, width=width)
    expect(verdict(page)).to_have_class("verdict good")
    assert set(states(page).values()) == {"good"}
    assert len(states(page)) == 11
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    facts = page.locator("#facts").inner_text()
    assert archives.BATCH in facts
    assert "novembre.csv" in facts
    assert "Paula Prévost" in facts
    assert "Anton Roux, Zoé" in facts
    euros, day = (
        ("€12,345.50", "2026-11-30") if language is Language.ENGLISH else ("12\u202f345,50\u00a0€", "30/11/2026")
    )
    assert euros in facts
    assert f"{day} 12:00:00 (UTC)" in facts
    expect(page.locator("#key-text")).to_have_text(base64.b64encode(archives.raw_key(archives.KEY)).decode())


def test_the_files_chosen_together_are_checked_as_well(check: Check) -> None:
    page = check(*archives.unpack(whole()).items())
    expect(verdict(page)).to_have_class("verdict good")


def test_a_dropped_archive_is_checked(check: Check) -> None:
    page = check(("other.zip", b"none"))
    expect(verdict(page)).to_have_class("verdict bad")
    drop = """async text => {
      const data = new DataTransfer(), bytes = Uint8Array.from(atob(text), sign => sign.charCodeAt(0));
      data.items.add(new File([bytes], "evidence.zip"));
      document.dispatchEvent(new DragEvent("drop", { dataTransfer: data, cancelable: true }));
    }"""
    page.evaluate(drop, base64.b64encode(whole()).decode())
    expect(verdict(page)).to_have_class("verdict good")


def test_entries_that_are_only_stored_are_read(check: Check) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as stored:
        for name, content in archives.unpack(whole()).items():
            stored.writestr(name, content)
    expect(verdict(check(("evidence.zip", file.getvalue())))).to_have_class("verdict good")


def test_the_time_stamp_says_its_time_and_how_it_is_checked(check: Check) -> None:
    line = check(("evidence.zip", whole())).locator("#checks > li").last
    expect(line).to_contain_text("stamped at 2026-11-30 12:05:00 (UTC), up to event 8.")
    expect(line).to_contain_text("openssl ts -verify -data timestamp-tip.json -in timestamp.tsr -CAfile ROOT.pem")


def swap(entries: Entries, one: str, other: str) -> None:
    entries[one], entries[other] = entries[other], entries[one]


def fit_tip(entries: Entries) -> None:
    """Cut the tail and make the tip anew, without the key."""
    chain = make_chain()
    entries["events.jsonl"] = "".join(f"{text}\n" for text in chain.texts[:-1]).encode()
    entries["tip.json"] = chain.tip(len(chain.texts) - 1)


def edit_first(lines: list[bytes]) -> None:
    lines[4] = lines[4].replace(b'"7.25"', b'"97.25"')
    assert b"97.25" in lines[4]


def edit_last(lines: list[bytes]) -> None:
    lines[-1] = lines[-1].replace(b'"events":8', b'"events":7')


def flip(entries: Entries, name: str) -> None:
    entries[name] = bytes([entries[name][0] ^ 1]) + entries[name][1:]


def sign_again(chain_key: Ed25519PrivateKey | None = archives.KEY) -> bytes:
    """An archive whose signature and public key were exchanged together."""
    return pack(make_evidence(make_chain(key=chain_key), key=archives.OTHER_KEY))


def stamp_other(entries: Entries) -> None:
    other = make_chain(first=accepted(rows=7))
    entries["timestamp-tip.json"] = other.tip(8)
    entries["timestamp.tsr"] = archives.stamp_response(other.tip(8))


def name_other_batch(entries: Entries) -> None:
    entries["tip.json"] = entries["tip.json"].replace(b"20261130-", b"20261031-")
    entries["signature.bin"] = archives.KEY.sign(entries["tip.json"])


def sign_nothing() -> bytes:
    """An archive in which one of the events is a signature of another record."""
    chain, other = make_chain(key=None), make_chain(first=accepted(rows=7))
    chain.add("tip-signed", json.loads(other.texts[8])[4])
    return pack(make_evidence(chain))


def sign_badly() -> bytes:
    chain = make_chain()
    data = json.loads(chain.texts[8])[4]
    last = {"events": 9, "hash": chain.hashes[8]}
    chain.add("tip-signed", data | last)
    return pack(make_evidence(chain))


EDITED = "Event 6 does not follow from event 5: event 5 was changed."
CHANGED: dict[str, tuple[Callable[[], bytes], list[str]]] = {
    "an amount": (lambda: change_lines(edit_first), [EDITED]),
    "the last event": (lambda: change_lines(edit_last), ["event 14 was changed"]),
    "an event removed": (lambda: change_lines(lambda lines: lines.pop(4)), ["Line 5 of events.jsonl holds event 6"]),
    "the first event removed": (
        lambda: change_lines(lambda lines: lines.pop(0)),
        ["Line 1 of events.jsonl holds event 2"],
    ),
    "two events swapped": (
        lambda: change_lines(lambda lines: lines.insert(3, lines.pop(4))),
        ["Line 4 of events.jsonl holds event 5"],
    ),
    "an event doubled": (
        lambda: change_lines(lambda lines: lines.insert(3, lines[3])),
        ["Line 5 of events.jsonl holds event 4"],
    ),
    "a line that is none": (
        lambda: change_lines(lambda lines: lines.insert(3, b"[1,2]\n")),
        ["Line 4 of events.jsonl is not"],
    ),
    "the tail cut": (
        lambda: change_lines(lambda lines: lines.pop()),
        ["tip.json states 14 events, and events.jsonl holds 13"],
    ),
    "the last line cut": (
        lambda: change(lambda it: it.update({"events.jsonl": it["events.jsonl"][:-9]})),
        ["Line 14 of events.jsonl was cut short.", "tip.json states 14 events, and events.jsonl holds 13"],
    ),
    "the tail cut and the tip made to fit": (
        lambda: change(fit_tip),
        ["signature.bin is not the signature of tip.json"],
    ),
    "the sheet by one byte": (lambda: change(lambda it: flip(it, "sheet.csv")), ["sheet.csv is not the sheet"]),
    "the report exchanged": (
        lambda: change(lambda it: it.update({"report.xlsx": b"another report"})),
        ["report.xlsx is not the file that event 10 names"],
    ),
    "the plan edited": (
        lambda: change(lambda it: flip(it, "plan.csv")),
        ["plan.csv is not the file that event 11 names"],
    ),
    "two lists exchanged": (
        lambda: change(lambda it: swap(it, "answers.csv", "plan.csv")),
        ["plan.csv is not the file", "answers.csv is not the file"],
    ),
    "the signature": (
        lambda: change(lambda it: flip(it, "signature.bin")),
        ["signature.bin is not the signature of tip.json"],
    ),
    "the signature cut": (
        lambda: change(lambda it: it.update({"signature.bin": b"short"})),
        ["signature.bin is not of the form"],
    ),
    "another key": (sign_again, ["Event 9 was signed with another key"]),
    "no key": (
        lambda: change(lambda it: it.update({"public-key.pem": b"-----BEGIN PUBLIC KEY-----"})),
        ["public-key.pem is not of the form"],
    ),
    "an earlier signature of another record": (sign_nothing, ["Event 13 signs a hash that the record did not have"]),
    "an earlier signature": (sign_badly, ["The signature in event 14 is not one"]),
    "the tip of another batch": (lambda: change(name_other_batch), ["tip.json is of the batch 20261031-120000-abc123"]),
    "the tip written otherwise": (
        lambda: change(lambda it: it.update({"tip.json": it["tip.json"] + b"\n"})),
        ["tip.json is not of the form"],
    ),
    "a file added": (
        lambda: change(lambda it: it.update({"notes.txt": b"!", "sheet.xlsx": b"?"})),
        ["These do not belong to the archive: notes.txt, sheet.xlsx"],
    ),
    "a file missing": (lambda: change(lambda it: it.pop("answers.csv")), ["answers.csv is missing."]),
    "the events missing": (lambda: change(lambda it: it.pop("events.jsonl")), ["events.jsonl is missing."]),
    "a file that no event names": (
        lambda: change_lines(lambda lines: lines.__delitem__(slice(12, None))),
        ["tip.json states 14", "approvals.csv is not named by any event"],
    ),
    "the time stamp of another record": (lambda: change(stamp_other), ["timestamp-tip.json states another hash"]),
    "the time stamp": (
        lambda: change(lambda it: it.update({"timestamp.tsr": bytes(99)})),
        ["timestamp.tsr is not the stamp"],
    ),
    "half of the time stamp": (
        lambda: change(lambda it: it.pop("timestamp-tip.json")),
        ["timestamp-tip.json is missing."],
    ),
}


@pytest.mark.parametrize("what", CHANGED)
def test_what_was_changed_is_named_with_its_place(check: Check, what: str) -> None:
    made, places = CHANGED[what]
    page = check(("evidence.zip", made()))
    expect(verdict(page)).to_have_class("verdict bad")
    found = failed(page)
    for place in places:
        assert [sentence for sentence in found if place in sentence], found
    assert found[0] in verdict(page).inner_text()


def test_only_what_was_changed_fails(check: Check) -> None:
    page = check(("evidence.zip", change(lambda it: flip(it, "plan.csv"))))
    assert [title for title, state in states(page).items() if state == "bad"] == ["plan.csv"]


def test_another_key_without_a_signature_among_the_events_is_shown_to_be_compared(check: Check) -> None:
    page = check(("evidence.zip", sign_again(chain_key=None)))
    expect(verdict(page)).to_have_class("verdict good")
    expect(verdict(page)).to_contain_text("that of the public key")
    expect(page.locator("#key-text")).to_have_text(base64.b64encode(archives.raw_key(archives.OTHER_KEY)).decode())
    expect(page.locator("#key")).to_contain_text("whoever changes an archive can sign it with another key")


def test_without_the_sheet_its_hash_is_shown_to_be_compared(check: Check) -> None:
    page = check(("evidence.zip", change(lambda it: it.pop("sheet.csv"))))
    expect(verdict(page)).to_have_class("verdict open")
    assert [title for title, state in states(page).items() if state != "good"] == ["Sheet as uploaded"]
    expect(page.locator("#checks > li.open code")).to_have_text(archives.digest(archives.SHEET))


def drop_stamp(entries: Entries) -> None:
    del entries["timestamp.tsr"], entries["timestamp-tip.json"]


def test_a_time_stamp_among_the_events_that_the_archive_does_not_hold_is_said(check: Check) -> None:
    page = check(("evidence.zip", change(drop_stamp)))
    expect(verdict(page)).to_have_class("verdict open")
    expect(verdict(page)).to_contain_text("Event 14 is a time stamp")


def test_a_browser_without_ed25519_says_so_and_how_to_check_by_hand(check: Check) -> None:
    lacking = "SubtleCrypto.prototype.importKey = async () => { throw new DOMException('no', 'NotSupportedError'); };"
    page = check(("evidence.zip", whole()), init=lacking)
    expect(verdict(page)).to_have_class("verdict open")
    assert [title for title, state in states(page).items() if state != "good"] == ["Signature", "Earlier signatures"]
    line = "openssl pkeyutl -verify -pubin -inkey public-key.pem -rawin -in tip.json -sigfile signature.bin"
    expect(page.locator("#checks > li.open").first).to_contain_text(line)
    expect(page.locator("#key-text")).to_have_text(base64.b64encode(archives.raw_key(archives.KEY)).decode())


def test_an_older_browser_is_told_so(check: Check) -> None:
    page = check(init="delete globalThis.DecompressionStream;")
    expect(verdict(page)).to_contain_text("This browser is too old")
    expect(page.locator("#drop")).to_be_hidden()


HOSTILE = "<img src=x onerror=alert(1)></script><script>document.title='owned'</script>\u202exslx.\u0000"


def test_what_an_archive_says_is_shown_as_text(check: Check) -> None:
    first = accepted(file_name=HOSTILE, prepared=HOSTILE, approved=[HOSTILE, 5], rows="<b>", added="<i>1</i>")
    page = check(
        (
            "<b>evidence</b>.zip",
            change(lambda it: it.update({HOSTILE: b""}), pack(make_evidence(make_chain(first=first)))),
        )
    )
    expect(page.locator("#facts")).to_contain_text("<img src=x onerror=alert(1)></script>")
    assert page.locator("main img, main script, #facts b, #facts i").count() == 0
    assert page.title() == "Check of a batch’s record"
    assert "\u202e" not in page.locator("main").inner_text()
    assert "onerror=alert(1)" in failed(page)[0]


def pack_twice() -> bytes:
    with pytest.warns(UserWarning, match="Duplicate name"):
        return archives.repack([*archives.unpack(whole()).items(), ("plan.csv", b"another")])


def pack_bomb(size: int, name: bytes = b"report.xlsx") -> bytes:
    """An archive whose list states another size for an entry."""
    archive = bytearray(whole())
    at = archive.rindex(name) - 46
    assert archive[at : at + 4] == b"PK\x01\x02"
    archive[at + 24 : at + 28] = size.to_bytes(4, "little")
    return bytes(archive)


def rename_locally() -> bytes:
    """An archive in which an entry bears another name where its bytes stand."""
    return whole().replace(b"plan.csv", b"plan.txt", 1)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: b"", "evidence.zip is not a ZIP archive"),
        (lambda: b"Token;Amount\n" * 9000, "evidence.zip is not a ZIP archive"),
        (lambda: whole()[:-30], "evidence.zip is not a ZIP archive"),
        (lambda: b"junk" + whole(), "The list of files in the archive is damaged"),
        (lambda: archives.repack([("xl/workbook.xml", b"<x/>")]), "It holds none of the files of a record"),
        (lambda: pack_bomb(2**30 + 1), "report.xlsx would have more than 1 GB"),
        (pack_twice, "plan.csv is in the archive twice"),
    ],
)
def test_what_is_no_archive_is_refused(check: Check, made: Callable[[], bytes], said: str) -> None:
    page = check(("evidence.zip", made()))
    expect(verdict(page)).to_have_class("verdict bad")
    expect(verdict(page)).to_contain_text(said)
    assert page.locator("#checks > li").count() == 0


@pytest.mark.parametrize(
    ("made", "name"),
    [(lambda: pack_bomb(3), "report.xlsx"), (lambda: pack_bomb(2**20), "report.xlsx"), (rename_locally, "plan.csv")],
)
def test_an_entry_that_is_not_as_stated_is_not_taken(check: Check, made: Callable[[], bytes], name: str) -> None:
    assert failed(check(("evidence.zip", made()))) == [
        f"{name} is damaged: it cannot be unpacked as the archive states."
    ]


def test_one_archive_after_another_is_checked(check: Check) -> None:
    page = check(("evidence.zip", change(lambda it: flip(it, "plan.csv"))))
    expect(verdict(page)).to_have_class("verdict bad")
    choose(page, ("evidence.zip", whole()))
    expect(verdict(page)).to_have_class("verdict good")


def test_a_reader_by_keyboard_reaches_the_choice_and_hears_the_verdict(check: Check) -> None:
    page = check(("evidence.zip", whole()))
    expect(verdict(page)).to_be_focused()
    expect(page.get_by_label("Choose the archive")).to_have_count(1)
    expect(page.locator("#checks > li h3").first).to_have_text("Events (passed)")


@pytest.mark.parametrize("made", [whole, lambda: change(lambda it: flip(it, "plan.csv")), lambda: change(drop_stamp)])
def test_nothing_keeps_anybody_from_reading_it(check: Check, made: Callable[[], bytes]) -> None:
    page = check(("evidence.zip", made()))
    page.evaluate(AXE_SCRIPT)
    found = page.evaluate("async () => (await axe.run()).violations.map(fault => fault.id)")
    assert found == []
