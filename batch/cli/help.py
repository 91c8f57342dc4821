"""Typer's own words, in ours: its help pages and its complaints about how a command was written.

Typer has them in English only, and in places that change from version to version. What is not recognised here stays
as typer says it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from batch.language import N_, Language, _, pgettext

_COMPLAINTS = (
    (r"Missing (?:argument|parameter) '?(?P<name>.+?)'?\.?", N_("{name} is missing")),
    (r"Missing option '(?P<name>.+?)'\.?", N_("The option {name} is missing")),
    (r"Missing command\.?", N_("A command is missing")),
    (r"No such command '(?P<name>.+?)'\. Did you mean (?P<other>.+)\?", N_("No such command {name}, but {other}")),
    (r"No such command '(?P<name>.+)'\.?", N_("No such command {name}")),
    (
        r"No such option: (?P<name>\S+) \(?(?:Possible options|Did you mean):? (?P<other>.+?)\)?",
        N_("No such option {name}, but {other}"),
    ),
    (r"No such option: (?P<name>.+)", N_("No such option {name}")),
    (r"Got unexpected extra arguments?(?:\(s\))? \((?P<words>.+)\)", N_("It is not clear what “{words}” is for")),
    (r"Option '(?P<name>.+)' requires an argument\.?", N_("Nothing follows the option {name}")),
    (r"Option '(?P<name>.+)' does not take a value\.?", N_("Nothing can follow the option {name}")),
    (r"Invalid value for (?P<name>.+?): (?P<why>.+)", N_("Wrong value for {name}: {why}")),
)  # fmt: skip
"""What typer says, and how we say it."""

_REASONS = (
    (
        r"Input should be a valid integer.*|.* is not a valid int(?:eger)?(?: range)?\.?",
        N_("it must be a whole number"),
    ),
    (r"Input should be a valid number.*|.* is not a valid float(?: range)?\.?", N_("it must be a number")),
    (r"Input should be greater than or equal to (?P<least>\S+)", N_("it must be {least} or more")),
    (r"Input should be less than or equal to (?P<most>\S+)", N_("it must be {most} or less")),
    (r".* is not in the range x>=(?P<least>\S+?)\.?", N_("it must be {least} or more")),
    (r".* is not in the range (?P<least>\S+)<=x<=(?P<most>\S+?)\.?", N_("it must be from {least} to {most}")),
)
"""Why a value is wrong, likewise."""

_KINDS = {
    "str": N_("text"),
    "path": N_("path"),
    "int": N_("number"),
    "int range": N_("number"),
    "float": N_("number"),
    "float range": N_("number"),
    "list[str]": N_("text"),
}
"""What may follow an option."""
_KIND = re.compile(r"<([a-z\[\] ]+)>")
_NOTES = re.compile(r"\[([^\[\]]+)\]\Z")
_DEFAULT = "default: "
_PIECES = {"[OPTIONS]": N_("[OPTIONS]"), "COMMAND [ARGS]...": N_("COMMAND [ARGUMENTS]…")}


def complaint(said: str) -> str:
    """What typer says of a command that it cannot take, without a full stop."""
    return _reworded(said, _COMPLAINTS)


def _reworded(said: str, table: tuple[tuple[str, str], ...]) -> str:
    for pattern, ours in table:
        found = re.fullmatch(pattern, said, re.DOTALL)
        if found:
            fields = {name: value.replace("'", "") for name, value in found.groupdict().items()}
            if "why" in fields:
                fields["why"] = _reworded(fields["why"], _REASONS)
            return _(ours).format_map(fields)
    return said.rstrip(".")


def _bare(piece: str) -> str:
    """An argument without the brackets that typer puts round our own name for it: "{SHEET}", "[[BATCH]]"."""
    return re.sub(r"\A(?:\{(.*)\}|\[(\[.*\])\])\Z", r"\1\2", piece)


class App(typer.Typer):
    """An application whose help is in our languages."""

    def command(self, name: str | None = None, **options: Any) -> Callable[[Any], Any]:
        """A command, with its help in the language in force."""
        return super().command(name, **{"cls": Command, **options})


class _Worded:
    """What a command and the group of all commands have in common; stands before typer's own class."""

    def get_help_option(self, ctx: typer.Context) -> Any:
        """`--help`."""
        option = super().get_help_option(ctx)  # type: ignore[misc]
        if option is not None:
            option.help = _("Show this message and exit.")
        return option

    def format_usage(self: Any, ctx: typer.Context, formatter: Any) -> None:
        """The first line."""
        pieces = (_(_PIECES.get(piece, "")) or _bare(piece) for piece in self.collect_usage_pieces(ctx))
        formatter.write_usage(ctx.command_path, " ".join(pieces), _("Usage:") + " ")

    def format_options(self: Any, ctx: typer.Context, formatter: Any) -> None:
        """Arguments, options and, for the group, commands."""
        arguments: list[tuple[str, str]] = []
        options: list[tuple[str, str]] = []
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                (arguments if parameter.param_type_name == "argument" else options).append(_record(*record))
        # Not among typer's parameters, because it is taken before or after the command and before typer is loaded.
        options.insert(-1, (f"--lang <{'|'.join(Language)}>", _("The language; else the system's.")))
        _section(formatter, pgettext("heading, before a colon", "Arguments"), arguments)
        _section(formatter, pgettext("heading, before a colon", "Options"), options)
        if isinstance(self, TyperGroup):
            commands = [(name, self.commands[name].get_short_help_str(200)) for name in self.list_commands(ctx)]
            _section(formatter, pgettext("heading, before a colon", "Commands"), commands)


class Command(_Worded, TyperCommand):  # type: ignore[misc]
    """A command."""


class Group(_Worded, TyperGroup):  # type: ignore[misc]
    """All commands."""


def _section(formatter: Any, title: str, records: list[tuple[str, str]]) -> None:
    if records:
        with formatter.section(title):
            formatter.write_dl(records)


def _record(name: str, text: str) -> tuple[str, str]:
    """An option and what it is for, with the kind of its value and typer's notes in our words."""
    name = _KIND.sub(lambda kind: f"<{_(_KINDS[kind[1]])}>" if kind[1] in _KINDS else kind[0], name)
    return name, _NOTES.sub(lambda notes: "[" + "; ".join(map(_noted, notes[1].split("; "))) + "]", text)


def _noted(said: str) -> str:
    if said.startswith(_DEFAULT):
        return _("default: {value}").format(value=said.removeprefix(_DEFAULT))
    return _("required") if said == "required" else said
