"""`sandbox`: the stand-in for the provider, until it is interrupted."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path

from batch.cli.console import note
from batch.errors import UsageError, system_words
from batch.language import _


def sandbox_command(
    *,
    port: int,
    key: str,
    subaccounts: int,
    state: Path | None,
    latency_ms: float,
    language: str,
    error_status: int,
    faults: list[str],
    drift: str,
) -> None:
    """Serve until interrupted."""
    from batch.sandbox import Fault, Sandbox, SandboxOptions

    try:
        options = SandboxOptions(
            port=port,
            key=key,
            subaccounts=subaccounts,
            state=state,
            latency_ms=latency_ms,
            language=language,
            error_status=error_status,
            drift=Decimal(drift),
            faults=tuple(Fault.from_text(fault) for fault in faults),
        )
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
