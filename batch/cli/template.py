"""`template`: a workbook to fill in."""

from __future__ import annotations

from pathlib import Path

from batch.cli.surroundings import now, open_client, settings_and_key
from batch.errors import UsageError
from batch.files import whole_file
from batch.language import _
from batch.model import Balances, SubAccount


def template_command(out: Path | None, *, from_account: bool) -> int:
    """Write the template, with the account's sub-accounts if asked to. Returns the exit code."""
    from batch.report.template import file_name, template_bytes

    path = out or Path(file_name())
    if path.suffix.lower() != ".xlsx":
        raise UsageError(_("{path} is not named like a workbook: give it the ending .xlsx.").format(path=path))
    if path.exists():
        raise UsageError(_("{path} is there already: remove it, or choose another name with --out.").format(path=path))
    subaccounts, balances = _account() if from_account else (None, None)
    content = template_bytes(subaccounts, balances)
    with whole_file(path) as file:
        file.write(content)
    print(_("Template: {path}").format(path=path))
    return 0


def _account() -> tuple[tuple[SubAccount, ...], Balances]:
    """What the provider says of the account now."""
    settings, key = settings_and_key()
    with open_client(settings, key) as client:
        main = client.main_account()
        subaccounts = client.subaccounts()
    return subaccounts, Balances(main.balance, {account.token: account.balance for account in subaccounts}, now())
