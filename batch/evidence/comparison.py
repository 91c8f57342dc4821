"""Compares a report, cell by cell, with the one that the ledger would have written in its place."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from itertools import islice, zip_longest
from pathlib import Path
from string import digits
from tempfile import TemporaryDirectory
from typing import Any

from openpyxl.utils import get_column_letter
from python_calamine import CalamineSheet, CalamineWorkbook

from batch import __version__
from batch.errors import CreditbatchError, SettingsError, UsageError, explain_os_error
from batch.evidence.differences import Difference, Row, find_cell, show_cell, show_pair, tell_difference, tell_formula
from batch.export import make_batch_document, refuse_other_suffixes, write_batch
from batch.i18n import N_, Language, _, format_number, show_value, use_language
from batch.ledger.events import FileWritten
from batch.model import BatchView
from batch.report.columns import COLUMNS
from batch.report.result_labels import PROGRAM
from batch.sheet.xlsx_xml import parse_column
from batch.sheet.xml_package import Attributes, Package, XmlReader
from batch.validation.vocabulary import REPORT_WORDS
from batch.zone import find_zone, get_zone, use_zone

LARGEST_FILE = 200_000_000
LARGEST_UNPACKED = 4_000_000_000
"""Bytes: a report of a million rows takes two thousand million."""
MOST_CELLS = 30_000_000
"""Of one sheet from its first to its last, blank ones too, for all of which the reader takes memory."""


_LONGEST_SUMMARY = 1000
_Rebuild = Callable[[], BatchView]
_Formulas = Mapping[str, Mapping[tuple[int, int], str]]
"""By sheet, and in it by row and column from 0."""


@dataclass(frozen=True, slots=True)
class _Manner:
    """How a report may have been written: in which language and zone, when, and after how many events."""

    events: int
    language: Language
    zone: tzinfo
    written_at: datetime
    version: str | None

    @contextmanager
    def use(self) -> Iterator[None]:
        """Speak the report's language and tell its time; what differs is told in the reader's."""
        with use_language(self.language), use_zone(self.zone):
            yield


@dataclass(frozen=True, slots=True)
class _Report:
    """What a file says of how it was written, and what finds its first difference from a view's report."""

    languages: Sequence[Language]
    find: Callable[[_Rebuild, _Manner], Difference | None]
    version: str | None = None
    zone: tzinfo | None = None
    written_at: datetime | None = None
    tip: str | None = None
    """The hash of the last event that it tells of."""
    places_of_tip: tuple[str, ...] = ()


def compare_report(
    path: Path,
    writings: Sequence[FileWritten],
    rebuild: Callable[[int], BatchView],
    find_event: Callable[[str], int | None],
    total: int,
) -> str | None:
    """Return the report's first difference from the ledger as a sentence, None if it is whole.

    `writings` is oldest first. `rebuild` gives the batch as it stood after so many events, of which there are `total`;
    `find_event` gives the number of the event with that hash.
    """
    digest = _hash_file(path)
    if any(writing.sha256 == digest for writing in writings):
        return None
    refuse_other_suffixes(path)
    suffix = path.suffix.lower()
    read = {".xlsx": _read_workbook, ".csv": _read_text, ".json": _read_document, ".pdf": _read_paper}[suffix]
    report = read(path)
    _refuse_newer(report.version)
    known = find_event(report.tip) if report.tip else None
    same_format = [writing for writing in writings if f".{writing.format}" == suffix]
    furthest: Difference | None = None
    older: str | None = None
    for manner in _list_manners(report, known, same_format, total):
        found = report.find(partial(rebuild, manner.events), manner)
        if found is None:
            return None
        if furthest is None or found.place > furthest.place:
            furthest, older = found, manner.version
    if furthest is None:  # (there is always a candidate)
        return None
    if report.tip and known is None and furthest.where in report.places_of_tip:
        sentence = _("{cell}: the report was written after an event {hash} that the ledger does not have.")
        return sentence.format(cell=furthest.where, hash=show_value(report.tip, 64))
    return _tell_age(furthest.sentence, older)


def _list_manners(report: _Report, known: int | None, writings: Sequence[FileWritten], total: int) -> Iterator[_Manner]:
    """List how the file may have been written: as a file was that the ledger recorded, else as it says itself."""
    spoken = {language.value: language for language in report.languages}
    recorded = [
        writing
        for writing in reversed(writings)
        if writing.language in spoken and 0 < writing.events <= total and known in {None, writing.events}
    ]
    if report.written_at is not None:
        # Each try takes as long as writing the report did. `sorted` leaves the newest first of those that fit alike.
        at = report.written_at
        recorded = sorted(recorded, key=lambda writing: abs(writing.at - at) > _MOMENT)[:1]
    for writing in recorded:
        zone, version = find_zone(writing.zone), report.version or writing.version
        yield _Manner(writing.events, spoken[writing.language], zone, writing.at, version)
    for language in report.languages:
        if known is None or not recorded:
            at, zone = report.written_at or datetime.now(UTC), report.zone or get_zone()
            yield _Manner(known or total, language, zone, at, report.version)


def _hash_file(path: Path) -> str:
    try:
        status = path.stat()
        if not path.is_file():
            raise _explain(_OTHER, path)
        if status.st_size > LARGEST_FILE:
            raise _explain(_TOO_LARGE, path)
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        sentence = _("The report {path} cannot be read: {why}.")
        raise UsageError(sentence.format(path=path, why=explain_os_error(error))) from error


_TOO_LARGE = N_("The report {path} is larger than any that creditbatch writes: name one that it wrote.")
_DAMAGED = N_("The report {path} cannot be read: name one that creditbatch wrote.")
_OTHER = N_("{path} is no report of creditbatch: name one that it wrote.")


def _explain(sentence: str, path: Path) -> UsageError:
    return UsageError(_(sentence).format(path=path))


@contextmanager
def _open_report(path: Path) -> Iterator[None]:
    """Explain whatever a damaged file makes a library raise."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, CreditbatchError):
        raise
    except BaseException as error:  # (a panic of the Rust parser is no Exception)
        raise _explain(_DAMAGED, path) from error


def _parse_version(version: str | None) -> tuple[int, ...]:
    """Give the numbers of a version, without zeros at the end; nothing for what is none."""
    found = re.fullmatch(r"\d{1,9}(?:\.\d{1,9})*", version or "", re.ASCII)
    numbers = [int(part) for part in found[0].split(".")] if found else []
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def _refuse_newer(version: str | None) -> None:
    if _parse_version(version) > _parse_version(__version__):
        sentence = _(
            "The report was written by creditbatch {version}, which is newer than this one ({ours}): "
            "verify it with that version."
        )
        raise UsageError(sentence.format(version=version, ours=__version__))


def _is_older(version: str | None) -> bool:
    return () < _parse_version(version) < _parse_version(__version__)


def _tell_age(difference: str, version: str | None) -> str:
    if not _is_older(version):
        return difference
    sentence = _(
        "The report was written by creditbatch {version}, an older version that may have written it otherwise. "
        "The first difference: {difference}"
    )
    return sentence.format(version=version, difference=difference)


def _read_workbook(path: Path) -> _Report:
    with _open_report(path):
        formulas = _find_formulas(path)
        workbook = CalamineWorkbook.from_path(path)
        names = [sheet.name for sheet in workbook.sheets_metadata]
    known = {language: len(set(words.sheets) & set(names)) for language, words in REPORT_WORDS.items()}
    language = max(known, key=lambda one: known[one])
    if not known[language]:
        raise _explain(_OTHER, path)
    summary = REPORT_WORDS[language].summary
    with use_language(language):
        wanted = _("Ledger’s last hash"), _("Written by"), _("Written at"), _("Time zone")
    rows = _list_rows(_load_sheet(path, workbook, summary)) if summary in names else iter(())
    said = {row[0]: (number, row[1]) for number, row in enumerate(islice(rows, _LONGEST_SUMMARY)) if len(row) > 1}
    (row, tip), (by_row, by), (_at_row, at), (_zone_row, zone) = (said.get(label, (-1, None)) for label in wanted)
    written_by = str(by or "")
    version = written_by.removeprefix(f"{PROGRAM} ") if written_by.startswith(PROGRAM) else None

    def find(rebuild: _Rebuild, manner: _Manner) -> Difference | None:
        with _write_again(rebuild, manner, ".xlsx") as again:
            ours = CalamineWorkbook.from_path(again)
            both = formulas, _find_formulas(again)
            return _compare_sheets(path, workbook, ours, both, by_row if _is_older(version) else None)

    named = _find_zone(zone)
    written_at = at.replace(tzinfo=named or get_zone()) if isinstance(at, datetime) else None
    return _Report((language,), find, version, named, written_at, str(tip) if tip else None, (f"{summary}!B{row + 1}",))


def _find_zone(name: object) -> tzinfo | None:
    """Find the zone that a file names, None if that is none."""
    try:
        return find_zone(name) if isinstance(name, str) and name else None
    except SettingsError:
        return None


@contextmanager
def _write_again(rebuild: _Rebuild, manner: _Manner, suffix: str) -> Iterator[Path]:
    with TemporaryDirectory(prefix="creditbatch-", ignore_cleanup_errors=True) as folder:
        again = Path(folder) / f"report{suffix}"
        with manner.use():
            # The view is given to nobody else, so that its memory is free when the files are read.
            write_batch(again, rebuild(), manner.written_at)
        yield again


def _compare_sheets(
    path: Path,
    theirs: CalamineWorkbook,
    ours: CalamineWorkbook,
    formulas: tuple[_Formulas, _Formulas],
    passed_by: int | None,
) -> Difference | None:
    """Compare sheet by sheet, with no more than one of each in memory; `passed_by` is a row of the first one."""
    names = [sheet.name for sheet in ours.sheets_metadata]
    if difference := _compare_names([sheet.name for sheet in theirs.sheets_metadata], names):
        return difference
    for index, name in enumerate(names):
        claimed = _list_rows(_load_sheet(path, theirs, name))
        recorded = _list_rows(ours.get_sheet_by_name(name))
        if index == 0 and passed_by is not None:
            claimed, recorded = (_blank_row(rows, passed_by) for rows in (claimed, recorded))
        here, there = (each.get(name, {}) for each in formulas)
        found = find_cell(claimed, recorded, {place for place, formula in here.items() if there.get(place) == formula})
        changed = min((place for place in {*here, *there} if here.get(place) != there.get(place)), default=None)
        if changed is not None and (found is None or changed <= found[:2]):
            where = f"{name}!{_name_cell(*changed)}"
            return tell_formula((index, *changed), where, here.get(changed), there.get(changed))
        if found is not None:
            row, column, one, other = found
            where = f"{name}!{_name_cell(row, column)}"
            return tell_difference((index, row, column), where, show_pair(one, other))
    return None


def _compare_names(theirs: Sequence[str], ours: Sequence[str]) -> Difference | None:
    if faults := [name for name in ours if name not in theirs]:
        sentence = _("The report has no sheet “{sheet}”.")
    elif faults := [name for name in theirs if name not in ours]:
        sentence = _("The report has a sheet “{sheet}” that the ledger’s report does not have.")
    elif faults := [name for name, other in zip_longest(theirs, ours) if name != other]:
        sentence = _("The sheet “{sheet}” stands in another place in the report than in the ledger’s report.")
    else:
        return None
    return Difference((-1,), "", sentence.format(sheet=show_value(faults[0])))


def _name_cell(row: int, column: int) -> str:
    return f"{get_column_letter(column + 1)}{row + 1}"


def _load_sheet(path: Path, workbook: CalamineWorkbook, name: str) -> CalamineSheet:
    with _open_report(path):
        return workbook.get_sheet_by_name(name)


def _list_rows(sheet: CalamineSheet) -> Iterator[Row]:
    """List the rows from the first, and in each the cells from column A, with which the reader does not begin."""
    blanks: list[object] = [None] * (sheet.start[1] if sheet.start else 0)
    for row in sheet.iter_rows():
        yield [*blanks, *row] if blanks else row


def _blank_row(rows: Iterable[Row], passed_by: int) -> Iterator[Row]:
    return (() if number == passed_by else row for number, row in enumerate(rows))


_FORMULA = re.compile(rb"<(?:[\w.-]+:)?f[\s/>]")
_COLUMNS = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{1,3})[0-9]""")
_ROWS = re.compile(rb"""<(?:[\w.-]+:)?row\s[^<>]*?\br\s*=\s*["']([0-9]{1,9})""")
_CHUNK, _OVERLAP = 2**20, 512


def _find_formulas(path: Path) -> _Formulas:
    """Find the formulas of each sheet, and refuse sheets for which the reader would take too much memory.

    The reader gives only what formulas came to. Their XML is searched first, since most sheets have none.
    """
    package = Package(path.read_bytes())
    formulas: dict[str, Mapping[tuple[int, int], str]] = {}
    for name, _is_visible, part in package.list_sheets():
        if part and _search_part(path, package, part):
            reader = _FormulaReader()
            with package.open(part) as stream:
                reader.parse(stream)
            formulas[name] = reader.formulas
    return formulas


class _FormulaReader(XmlReader):
    """A worksheet's formulas, by row and column from 0."""

    def __init__(self) -> None:
        super().__init__()
        self.formulas: dict[tuple[int, int], str] = {}
        self._row = self._column = -1
        self.starts = {"row": self._start_row, "c": self._start_cell}
        self.ends = {"f": self._end_formula}

    def _start_row(self, attributes: Attributes) -> None:
        number = attributes.get("r")
        self._row, self._column = int(number) - 1 if number else self._row + 1, -1

    def _start_cell(self, attributes: Attributes) -> None:
        address = attributes.get("r")
        self._column = parse_column(address.rstrip(digits)) if address else self._column + 1

    def _end_formula(self) -> None:
        self.formulas[self._row, self._column] = self.take_text()


def _search_part(path: Path, package: Package, part: str) -> bool:
    """Tell whether there may be a formula in the sheet's part."""
    has_formula, columns, last, size, text = False, set(), 0, 0, b""
    with package.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            size, text = size + len(chunk), text[-_OVERLAP:] + chunk
            has_formula = has_formula or _FORMULA.search(text) is not None
            columns.update(_COLUMNS.findall(text))
            last = max(last, max(map(int, _ROWS.findall(text)), default=0))
            width = max((parse_column(letters.decode()) + 1 for letters in columns), default=0)
            if size > LARGEST_UNPACKED or last * width > MOST_CELLS:
                raise _explain(_TOO_LARGE, path)
    return has_formula


def _read_text(path: Path) -> _Report:
    titles = next(_list_lines(path), [])
    known = {language: len(set(_name_titles(language)) & set(titles)) for language in Language}
    most = max(known.values())
    if most < 2:
        raise _explain(_OTHER, path)
    languages = [language for language in Language if known[language] == most]

    def find(rebuild: _Rebuild, manner: _Manner) -> Difference | None:
        with _write_again(rebuild, manner, ".csv") as again:
            found = find_cell(_list_lines(path), _list_lines(again))
            heads = next(_list_lines(again), [])
        if found is None:
            return None
        row, column, one, other = found
        title = heads[column] if column < len(heads) else titles[column] if column < len(titles) else ""
        where = _("Line {line}, column “{title}” ({cell}),").format(
            line=format_number(row + 1), title=show_value(title), cell=_name_cell(row, column)
        )
        return tell_difference((row, column), where, show_pair(one, other))

    return _Report(languages, find)


def _name_titles(language: Language) -> list[str]:
    with use_language(language):
        return [item.title() for item in COLUMNS]


def _list_lines(path: Path) -> Iterator[list[str]]:
    """List the lines of a text file; of both separators that is meant which parts the titles more often."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = file.readline(_CHUNK)
            file.seek(0)
            separator = max(";,", key=head.count)
            yield from csv.reader(file, delimiter=separator, strict=True)
    except (UnicodeError, csv.Error) as error:
        raise _explain(_DAMAGED, path) from error


def _read_paper(path: Path) -> _Report:
    """Read how a PDF was written: it has no cells, so that it is its bytes that are compared."""
    from batch.report.pdf import find_changed_page, name_libraries, read_properties

    data = path.read_bytes()
    said = read_properties(data)
    if not said:
        raise _explain(_OTHER, path)

    def find(rebuild: _Rebuild, manner: _Manner) -> Difference | None:
        with _write_again(rebuild, manner, ".pdf") as again:
            ours = again.read_bytes()
        if data == ours:
            return None
        if said["libraries"] != name_libraries():
            sentence = _(
                "The PDF {path} was written with {theirs}, and this program has {ours}, which may write the same in "
                "other bytes: compare it on the machine that wrote it, or compare the workbook."
            )
            raise UsageError(sentence.format(path=path, theirs=show_value(said["libraries"]), ours=name_libraries()))
        number = find_changed_page(data, ours)
        sentence = _("The report is not the PDF that the ledger would write.")
        if number is not None:
            sentence = _("Page {number} of the report is not the one that the ledger would write.")
        return Difference((number or 0,), "", sentence.format(number=format_number(number or 0)))

    languages = [Language(said["language"])] if said.get("language") in set(Language) else list(Language)
    zone, written_at = _find_zone(said.get("zone")), _read_moment(said.get("written_at"))
    return _Report(languages, find, said.get("version"), zone, written_at, said.get("tip"))


_MISSING = object()
"""What stands where a document has nothing, which is not the same as its null."""
_HOW_WRITTEN = ("tip", "version", "language")
_MOMENT = timedelta(seconds=0.01)
"""Two moments that are no further apart are one: files hold thousandths of a second."""


def _read_document(path: Path) -> _Report:
    with _open_report(path):
        document = json.loads(path.read_bytes(), object_pairs_hook=_make_object)
    if not isinstance(document, dict) or not {"batch", "rows"} <= document.keys():
        raise _explain(_OTHER, path)
    # Until 0.7.0 it did not say how it was written.
    is_old = document.keys().isdisjoint(_HOW_WRITTEN)
    rows, (tip, version, language) = document.pop("rows"), map(document.get, _HOW_WRITTEN)
    languages = [Language(language)] if language in set(Language) else list(Language)
    event = tip.get("hash") if isinstance(tip, dict) else None
    found_version = version if isinstance(version, str) else None

    def find(rebuild: _Rebuild, manner: _Manner) -> Difference | None:
        with manner.use():
            ours = make_batch_document(rebuild(), None, manner.written_at if written_at else None)
            recorded = ours.pop("rows")
            ours = json.loads(json.dumps(ours))
        passed_by = {"report", *(_HOW_WRITTEN if is_old else ()), *(["version"] if _is_older(found_version) else ())}
        ours = {key: value for key, value in ours.items() if key not in passed_by}
        theirs = {key: value for key, value in document.items() if key not in passed_by}
        return _compare_values(theirs, ours, "", ()) or _compare_rows(rows, recorded, manner, len(ours))

    places, named = ("tip.events", "tip.hash"), _find_zone(document.get("zone"))
    tip_hash, written_at = event if isinstance(event, str) else None, _read_moment(document.get("written_at"))
    return _Report(languages, find, found_version, named, written_at, tip_hash, places)


def _read_moment(text: object) -> datetime | None:
    """Read a moment with its zone; None for what is none."""
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return None if moment is None or moment.tzinfo is None else moment


def _make_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a key is there twice, and programs choose either")
    return made


def _compare_rows(theirs: object, ours: Iterable[object], manner: _Manner, index: int) -> Difference | None:
    """Compare the rows one by one, since those of the ledger's document are made only when they are asked for."""
    if not isinstance(theirs, list):
        return tell_difference((index,), "rows", (_show_json(theirs), "[…]"))
    made, claimed = iter(ours), iter(theirs)
    for number in range(len(theirs) + 1):
        with manner.use():
            recorded = next(made, _MISSING)
        row = recorded if recorded is _MISSING else json.loads(json.dumps(recorded))
        found = _compare_values(next(claimed, _MISSING), row, f"rows[{number}]", (index, number))
        if found is not None:
            return found
    return None


def _compare_values(theirs: object, ours: object, where: str, place: tuple[int, ...]) -> Difference | None:
    if isinstance(theirs, dict) and isinstance(ours, dict):
        keys = [*ours, *(key for key in theirs if key not in ours)]
        pairs: Iterable[tuple[str, object, object]] = (
            (f"{where}.{show_value(key)}".lstrip("."), theirs.get(key, _MISSING), ours.get(key, _MISSING))
            for key in keys
        )
    elif isinstance(theirs, list) and isinstance(ours, list):
        both = zip_longest(theirs, ours, fillvalue=_MISSING)
        pairs = ((f"{where}[{index}]", one, other) for index, (one, other) in enumerate(both))
    elif type(theirs) is type(ours) and theirs == ours:
        return None
    else:
        both_texts = isinstance(theirs, str) and isinstance(ours, str)
        shown = show_pair(theirs, ours) if both_texts else (_show_json(theirs), _show_json(ours))
        return tell_difference(place, where, shown)
    found = (_compare_values(one, other, name, (*place, at)) for at, (name, one, other) in enumerate(pairs))
    return next((difference for difference in found if difference is not None), None)


def _show_json(value: object) -> str:
    """Show a value as JSON writes it, but a text as in other reports."""
    if isinstance(value, str) or value is _MISSING:
        return show_cell(value if isinstance(value, str) else None)
    return show_value(json.dumps(value))
