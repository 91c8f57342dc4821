"""The one form of XML in which the patterns of `looks` and `unread` find everything that is there.

XML says the same in many ways: with white space in tags and values, with comments, with characters as references. A
pattern passes by what it does not know, and in some of it the parser of the cells reads another text than a spreadsheet
does. So the form that Excel, LibreOffice and the usual libraries write is recognised as a whole: when everything that
is written so is taken away, nothing may be left. White space between rows and between cells is harmless.
"""

from __future__ import annotations

import re

PROLOG = (
    rb"(?:\xef\xbb\xbf)?(?:<\?xml\s+version=[\"']1\.0[\"'](?:\s+encoding=[\"'](?i:utf-8|us-ascii)[\"'])?"
    rb"(?:\s+standalone=[\"'](?:yes|no)[\"'])?\s*\?>)?\s*"
)
"""What may stand before the outermost element of a part."""
END_OF_ROWS = (b"</sheetData>", b"<sheetData/>", b"<sheetData />")

_ATTRIBUTES = rb'(?: +[\w:.-]+="[^"<>]*")* *'
_TRUTH = rb'="(?:0|1|true|false)"'
_SIZE = rb'="(?:0|[1-9]\d*)(?:\.\d+)?"'
_OTHER = rb'=)[\w:.-]+="[^"<>&]*"'

_TEXT = rb'<t(?: +xml:space="(?:preserve|default)")? *(?:/>|>[^<]*</t>)'
_LOOK = rb"<strike(?: +val" + _TRUTH + rb")? */>|<(?!strike\b)[A-Za-z]+" + _ATTRIBUTES + rb"/>"
_RUN = rb"<r>(?:<rPr>(?:" + _LOOK + rb")*</rPr>|<rPr */>)?" + _TEXT + rb"</r>"
_PHONETIC = rb"(?:<rPh" + _ATTRIBUTES + rb">" + _TEXT + rb"</rPh>)*(?:<phoneticPr" + _ATTRIBUTES + rb"/>)?"
_RICH = rb"(?:" + _TEXT + rb"|(?:" + _RUN + rb")+)" + _PHONETIC

_NUMBERED = rb's="(?:0|[1-9]\d{0,5})"'
_STYLE = rb"(?: +(?:" + _NUMBERED + rb'|[cv]m="\d{1,9}"|ph' + _TRUTH + rb"))*"
_FORMULA = rb"(?:<f" + _ATTRIBUTES + rb"(?:/>|>[^<]*</f>))?"
_NUMBER = rb"(?=[^<]{1,40}<)-?\d+(?:\.\d+)?(?:[Ee][+-]?\d{1,3})?"
_CONTENTS = {
    rb"n": _FORMULA + rb"(?:<v>" + _NUMBER + rb"</v>|<v */>|<v></v>)?",
    rb"s": _FORMULA + rb"(?:<v>\d{1,9}</v>)?",
    rb"inlineStr": rb"(?:<is>" + _RICH + rb"</is>|<is */>)?",
    rb"str": rb"(?:" + _FORMULA + rb'(?:<v(?: +xml:space="preserve")?>[^<]*</v>|<v */>))?',
    rb"b": _FORMULA + rb"<v>(?:0|1|true|false)</v>",
    rb"[de]": _FORMULA + rb"<v>[^<&]+</v>",
}
"""What a cell may hold, by its type. A formula whose result is an empty text has the type "str" and an empty value."""
_TYPED = [rb' +t="' + kind + rb'"' + _STYLE + rb" *>" + content for kind, content in _CONTENTS.items()]
_UNTYPED = _STYLE + rb'(?: +t="[A-Za-z]+"' + _STYLE + rb")? */>|" + _STYLE + rb" *>" + _CONTENTS[b"n"] + rb"</c>"
_ADDRESS = rb'<c r="[A-Za-z]{1,3}[1-9]\d{0,6}"'
_CELL = _ADDRESS + rb"(?:" + _STYLE + rb"(?:" + rb"|".join(_TYPED) + rb")</c>|" + _UNTYPED + rb")"
_USUAL_CELL = _ADDRESS + (
    rb"(?: " + _NUMBERED + rb')?(?:(?: t="n")?><v>-?\d{1,17}(?:\.\d{1,20})?</v>| t="s"><v>\d{1,9}</v>'
    rb'| t="inlineStr"><is><t>[^<]*</t></is>)</c>'
)
"""Almost all of them, told in half of the time."""
_ROW = rb'<row r="[1-9]\d{0,6}"(?: +(?:hidden' + _TRUTH + rb"|ht" + _SIZE + rb"|(?!(?:hidden|ht)" + _OTHER + rb"))* *"
_ROWS = re.compile(_ROW + rb">(?:" + _USUAL_CELL + rb")*</row>|" + _CELL + rb"|" + _ROW + rb"/?>|</row>|<sheetData>")
_COLUMN = re.compile(
    rb"\A"
    + PROLOG
    + rb"<worksheet\b[^<>]*>|</?cols>|<col(?: +(?:hidden"
    + _TRUTH
    + rb"|width"
    + _SIZE
    + rb'|(?:min|max)="\d{1,9}"|(?!(?:hidden|width|min|max)'
    + _OTHER
    + rb"))* *(?:/>|></col>)"
)
_ODD_IN_HEAD = re.compile(rb"<[!?]|<(?:[\w.-]+:)?(?:cols?|row|c)\b")
_TEXTS = re.compile(
    rb"\A" + PROLOG + rb"<sst\b[^<>]*>|<si>(?:" + _RICH + rb")?</si>|<si */>|</sst>.*", re.DOTALL
)  # fmt: skip


def has_compact_head(head: bytes) -> bool:
    """Whether all columns in what stands before a sheet's rows are written so, and nothing there hides some."""
    return not _ODD_IN_HEAD.search(_COLUMN.sub(b"", head))


def left_of_rows(piece: bytes) -> bytes:
    """What is left of some rows when all that is written so is taken away."""
    return _ROWS.sub(b"", piece).strip()


def left_of_texts(piece: bytes) -> bytes:
    """The same of a piece of the texts that cells share."""
    return _TEXTS.sub(b"", piece).strip()
