"""`sandbox`: the stand-in for the provider, until it is interrupted."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from batch.cli.console import note
from batch.errors import UsageError, system_words
from batch.language import _


def sandbox_command(*, drift: str, faults: Sequence[str], **given: Any) -> None:
    """Serve until interrupted."""
    from batch.sandbox import Fault, Sandbox, SandboxOptions

    try:
        options = SandboxOptions(drift=Decimal(drift), faults=tuple(map(Fault.from_text, faults)), **given)
        sandbox = Sandbox(options)
        sandbox.start()
    except InvalidOperation:
        raise UsageError(_("--drift {value} is not a number of euros.").format(value=drift)) from None
    except (ValueError, OSError) as error:
        why = system_words(error) if isinstance(error, OSError) else str(error)
        raise UsageError(_("The sandbox cannot start: {why}.").format(why=why.rstrip("."))) from error
    note(_("The sandbox answers at {address} until Ctrl-C. Nothing in it is real.").format(address=sandbox.url))
    try:
        sandbox.serve_forever()
    except KeyboardInterrupt:
        note(_("The sandbox has ended."))
    finally:
        sandbox.close()
