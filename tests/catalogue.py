"""The messages of the code and of the pages, and their French: `python -m tests.catalogue` brings the two together.

Messages are taken from every `_()` in the code and every `{% translate %}` in the pages. What is new is added without
its French and printed; what is gone is dropped. docs/constats.md is made again from it.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from batch.findings import RULES
from batch.language import DOMAIN, LOCALE_FOLDER

ROOT = Path(__file__).parents[1]
PO = LOCALE_FOLDER / "fr" / "LC_MESSAGES" / f"{DOMAIN}.po"
MO = PO.with_suffix(".mo")
CONSTATS = ROOT / "docs" / "constats.md"
KEYWORDS = {
    **dict.fromkeys(("_", "N_", "gettext", "gettext_lazy", "gettext_noop"), None),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("_error", "_warning", "_note"), None),  # findings' sentences
}
"""The functions whose arguments are messages."""
_NO_DATE = datetime(2000, 1, 1, tzinfo=UTC)
_CONSTATS = """# Constats

Tout ce que `creditbatch check` peut dire d’une feuille. Une **erreur** empêche sa ligne, ou toute la feuille,
d’être envoyée ; un **avertissement** ou une **note** est seulement signalé. Tous les constats sont donnés
d’un coup, chacun avec la ligne et la cellule telles qu’Excel les affiche.

| code | gravité | constat, et correction à apporter |
|---|---|---|
"""


def main() -> int:
    """Bring the catalogue up to date, and say what has no French yet."""
    catalogue = present()
    catalogue.update(template(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    PO.write_bytes(po_bytes(catalogue))
    MO.write_bytes(mo_bytes(catalogue))
    CONSTATS.write_text(constats(catalogue), "utf-8")
    missing = [message for message in catalogue if message.id and not is_complete(message)]
    for message in missing:
        print(f"no French yet: {message.id!r} ({', '.join(path for path, _ in message.locations)})")
    return 1 if missing else 0


def constats(catalogue: Catalog) -> str:
    """What can be found wrong with a sheet, in French: docs/findings.md has more to say, in English."""
    lines = []
    for code, rule in RULES.items():
        severity = _french(catalogue, rule.severity.value, "severity")
        lines.append(f"| `{code}` | {severity} | {_cell(_french(catalogue, rule.sentence))} |\n")
    return _CONSTATS + "".join(lines)


def _french(catalogue: Catalog, text: str, context: str | None = None) -> str:
    message = catalogue.get(text, context)
    return str(message.string) if message and message.string else text


def _cell(sentence: str) -> str:
    """A sentence in a table, its parameters as dots."""
    return re.sub(r"\{\w+[^}]*\}", "…", sentence).replace("|", "\\|")


def present() -> Catalog:
    """The catalogue as it is on the disk."""
    with PO.open("rb") as file:
        return read_po(file, locale="fr", domain=DOMAIN)


def template() -> Catalog:
    """Every message there is, without translations."""
    found = Catalog(domain=DOMAIN, charset="utf-8")
    for path in sorted((ROOT / "batch").rglob("*.py")):
        _add(found, path, path.read_bytes())
    for pattern in ("*.html", "*.txt"):
        for path in sorted((ROOT / "batch").rglob(f"templates/**/{pattern}")):
            _add(found, path, _as_python(path).encode())
    return found


def _add(found: Catalog, path: Path, source: bytes) -> None:
    where = path.relative_to(ROOT).as_posix()
    options = {"encoding": "utf-8"}
    for _line, message, _comments, context in extract("python", io.BytesIO(source), KEYWORDS, (), options):
        if message and message != ("", ""):
            found.add(message, None, [(where, 0)], context=context)


def _as_python(path: Path) -> str:
    """A page's messages in the form in which Django hands them to an extractor of Python's."""
    from django.utils.translation.template import templatize

    return "\n".join(line.strip() for line in templatize(path.read_text("utf-8"), origin=str(path)).splitlines())


def is_complete(message: Message) -> bool:
    """Whether all its forms have their French."""
    forms = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
    return bool(forms) and all(forms)


def po_bytes(catalogue: Catalog) -> bytes:
    """The text form; without line numbers and dates, so that it changes only with a message."""
    buffer = io.BytesIO()
    write_po(buffer, catalogue, width=120, sort_output=True, omit_header=False, include_lineno=False)
    lines = buffer.getvalue().decode().splitlines(keepends=True)
    return "".join(line for line in lines if not _is_stamp(line)).encode()


def _is_stamp(line: str) -> bool:
    return line.startswith(
        ('"POT-Creation-Date', '"PO-Revision-Date', '"Generated-By', '"Report-Msgid', '"Last-Translator')
    )


def mo_bytes(catalogue: Catalog) -> bytes:
    """The form that is read when the program runs; always of the same date, so that it changes only with a message."""
    catalogue.creation_date = _NO_DATE
    buffer = io.BytesIO()
    write_mo(buffer, catalogue)
    return buffer.getvalue()


def messages() -> Iterator[Message]:
    """Every message with its French."""
    return (message for message in present() if message.id)


if __name__ == "__main__":
    sys.exit(main())
