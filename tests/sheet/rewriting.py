"""The same workbook in other XML: each rewriting says what it said before, to whoever reads XML as it is defined."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from random import Random

SHEET, TEXTS, STYLES = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"
WORKBOOK, RELATIONS, PACKAGE = "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "_rels/.rels"

Parts = dict[str, bytes]
_TAG = re.compile(r"<[A-Za-z/][^<>]*>")
_OPENING = re.compile(r"<[A-Za-z][^<>]*>")
_ATTRIBUTE = re.compile(r' ([\w:.-]+)="([^"]*)"')
_CONTENT = re.compile(r"(<(?:v|t|f)\b[^<>/]*>)([^<]+)(?=</(?:v|t|f)>)")
_BETWEEN = re.compile(r"(<(?:\w+:)?(?:v|t|f)\b[^<>]*(?<!/)>)|(?<!\]\])(?<!\?)(?<!--)>(?=<)")
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def _some(random: Random, found: re.Match[str], text: str) -> str:
    """In three of four places."""
    return text if random.random() < 0.75 else found.group()


def _in_tags(change: Callable[[Random, str], str]) -> Callable[[Random, str], str]:
    return lambda random, xml: _TAG.sub(lambda tag: _some(random, tag, change(random, tag.group())), xml)


def _in_attributes(change: Callable[[Random, str, str], str]) -> Callable[[Random, str], str]:
    def in_tag(random: Random, tag: str) -> str:
        return _ATTRIBUTE.sub(lambda found: _some(random, found, change(random, found[1], found[2])), tag)

    return lambda random, xml: _OPENING.sub(lambda tag: in_tag(random, tag.group()), xml)


def _in_contents(change: Callable[[Random, str], str]) -> Callable[[Random, str], str]:
    return lambda random, xml: _CONTENT.sub(
        lambda found: _some(random, found, found[1] + change(random, found[2])), xml
    )


def _between_tags(texts: tuple[str, ...]) -> Callable[[Random, str], str]:
    """Between tags, but not in an element that may hold text: there white space would be its text."""

    def change(random: Random, xml: str) -> str:
        return _BETWEEN.sub(
            lambda found: found.group() if found[1] else _some(random, found, ">" + random.choice(texts)), xml
        )

    return change


def _reference(random: Random, char: str) -> str:
    return f"&#{ord(char)};" if random.random() < 0.5 else f"&#x{ord(char):X};"


def _referenced(random: Random, text: str) -> str:
    if "&" in text:
        return text
    at = random.randrange(len(text)) if text else 0
    return text[:at] + "".join(_reference(random, char) for char in text[at : at + 1]) + text[at + 1 :]


def _shuffled(random: Random, tag: str) -> str:
    attributes = [found.group() for found in _ATTRIBUTE.finditer(tag)]
    random.shuffle(attributes)
    rest = _ATTRIBUTE.sub("", tag)
    end = "/>" if rest.endswith("/>") else ">"
    return rest.removesuffix(end).rstrip() + "".join(attributes) + end


def _half_prefixed(random: Random, xml: str) -> str:
    """The prefix in some elements, which have no other content."""
    xml = xml.replace(f'xmlns="{_MAIN}"', f'xmlns="{_MAIN}" xmlns:y="{_MAIN}"', 1)
    return re.sub(r"<(v|t|col|strike)\b([^<>]*)(/>|>[^<]*</\1>)", lambda m: _some(random, m, _with_y(m)), xml)


def _with_y(found: re.Match[str]) -> str:
    end = found[3] if found[3] == "/>" else found[3].replace(f"</{found[1]}", f"</y:{found[1]}")
    return f"<y:{found[1]}{found[2]}{end}"


def _unfolded(random: Random, xml: str) -> str:
    return re.sub(
        r"<([\w:]+)([^<>]*?) ?/>", lambda found: _some(random, found, f"<{found[1]}{found[2]}></{found[1]}>"), xml
    )


def _number(random: Random, text: str) -> str:
    if not re.fullmatch(r"\d+(\.\d+)?", text):
        return text
    more = [f"+{text}", f"0{text}", f"{text}e0", f"{text}E+00", f" {text}", f"{text}\n", f"\t{text} "]
    return random.choice([*more, f"{text}0" if "." in text else f"{text}."])


def _defaults(random: Random, xml: str) -> str:
    """What is meant where nothing is said, said."""

    def said(found: re.Match[str]) -> str:
        kind = "" if " t=" in found[1] else ' t="n"'
        style = "" if " s=" in found[1] else ' s="0"'
        return _some(random, found, f"<c{found[1]}{kind}{style}{found[2]}")

    return re.sub(r"<c( [^<>]*?)( ?/?>)", said, xml)


def _truths(_random: Random, xml: str) -> str:
    xml = re.sub(r'\b(hidden|customHeight|customWidth|val)="1"', r'\1="true"', xml)
    return xml.replace("<strike/>", '<strike val="1"/>').replace("<strike />", '<strike val="true"/>')


def _padded(random: Random, tag: str) -> str:
    # Only behind the name: a space within a value is a part of it.
    space = random.choice(("  ", "\n", "\t"))
    return re.sub(r"^(<[^\s/>]+)\s", lambda name: name[1] + space, tag)


def _behind_declaration(text: str) -> Callable[[Random, str], str]:
    return lambda _random, xml: re.sub(r"^(<\?.*?\?>)?", rf"\1{text}", xml)


REWRITINGS: Mapping[str, Callable[[Random, str], str]] = {
    "white space between tags": _between_tags((" ", "\n", "\n    ", "\t", "\r\n")),
    "comments between tags": _between_tags(("<!-- x -->", '<!--<row r="2" hidden="1">-->', "<!-- </row> -->")),
    "instructions between tags": _between_tags(("<?x y?>", "<?x <c?>")),
    "white space around =": _in_tags(lambda _random, tag: tag.replace('="', ' = "')),
    "white space before =": _in_tags(lambda _random, tag: tag.replace('="', '\n="')),
    "white space behind =": _in_tags(lambda _random, tag: tag.replace('="', '= "')),
    "white space between attributes": _in_tags(_padded),
    "white space at the end of tags": _in_tags(lambda _random, tag: re.sub(r"/?>$", r" \g<0>", tag)),
    "single quotation marks": _in_attributes(lambda _random, name, value: f" {name}='{value}'"),
    "attributes in another order": _in_tags(_shuffled),
    "references in attributes": _in_attributes(lambda random, name, value: f' {name}="{_referenced(random, value)}"'),
    "references in contents": _in_contents(_referenced),
    "comments in contents": _in_contents(lambda _random, text: f"{text[:1]}<!-- x -->{text[1:]}"),
    "instructions in contents": _in_contents(lambda _random, text: f"<?x y?>{text}"),
    "sections in contents": _in_contents(lambda _random, text: text if "&" in text else f"<![CDATA[{text}]]>"),
    "half a section in contents": _in_contents(
        lambda _random, text: text if "&" in text else f"{text[:1]}<![CDATA[{text[1:]}]]>"
    ),
    "attributes on values": lambda random, xml: re.sub(
        "<v>", lambda found: _some(random, found, '<v xml:space="preserve">'), xml
    ),
    "numbers in other words": lambda random, xml: re.sub(
        "(?<=<v>)[^<]+(?=</v>)", lambda found: _number(random, found.group()), xml
    ),
    "prefix": lambda _random, xml: re.sub(r"<(/?)(?=\w+[\s/>])", r"<\1x:", xml).replace(" xmlns=", " xmlns:x=", 1),
    "prefix on some": _half_prefixed,
    "two tags": _unfolded,
    "one tag": lambda random, xml: re.sub(
        r"<([\w:]+)([^<>]*)></\1>", lambda found: _some(random, found, f"<{found[1]}{found[2]}/>"), xml
    ),
    "no addresses": lambda _random, xml: re.sub(r'(<(?:c|row)\b[^<>]*?) r="[A-Z]*\d+"', r"\1", xml),
    "defaults": _defaults,
    "truths": _truths,
    "a type of document": _behind_declaration('<!DOCTYPE x [<!ENTITY a "b">]>'),
    "a comment first": _behind_declaration("<!-- <x:worksheet><sst> -->"),
}
"""Of a part that is a sheet, its texts or its styles."""


def _encoded(name: str) -> Callable[[Parts, str], Parts]:
    def change(parts: Parts, part: str) -> Parts:
        xml = re.sub(r"^<\?xml.*?\?>\s*", "", parts[part].decode())
        return {**parts, part: f'<?xml version="1.0" encoding="{name}"?>{xml}'.encode(name, "xmlcharrefreplace")}

    return change


def _renamed(suffix: str) -> Callable[[Parts, str], Parts]:
    """The part under another name, which whatever names it does as well."""

    def change(parts: Parts, part: str) -> Parts:
        name = part.replace(".xml", suffix)
        names = {part: name}
        if part == WORKBOOK:
            names[RELATIONS] = RELATIONS.replace(".xml", suffix)
        renamed = {names.get(key, key): content for key, content in parts.items()}
        for naming in {RELATIONS, PACKAGE} & renamed.keys():
            text = renamed[naming].decode()
            text = text.replace(f'"{part.removeprefix("xl/")}"', f'"/{name}"').replace(f'"{part}"', f'"/{name}"')
            renamed[naming] = text.encode()
        return renamed

    return change


def _twice(parts: Parts, part: str) -> Parts:
    """Beside another one whose name differs by nothing but capitals."""
    return {"xl" + part[2:].upper(): b"<x/>", **parts, part[:2] + part[2:].upper(): b"<x/>"}


PACKINGS: Mapping[str, Callable[[Parts, str], Parts]] = {
    "another name": _renamed("9.xml"),
    "capitals in the name": _renamed(".XML"),
    "capitals in the archive": lambda parts, part: {
        key.upper() if key == part else key: content for key, content in parts.items()
    },
    "twice but for capitals": _twice,
    "UTF-16": _encoded("utf-16"),
    "Latin 1": _encoded("iso-8859-1"),
    "UTF-8 with a mark": lambda parts, part: {**parts, part: b"\xef\xbb\xbf" + parts[part]},
}
"""Of a workbook, in which a part is written, or named, otherwise."""
