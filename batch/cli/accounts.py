"""`accounts`: the main balance and every sub-account's."""

from __future__ import annotations

from batch.cli.console import print_json
from batch.cli.surroundings import open_client, settings_and_key


def accounts_command(*, json: bool) -> int:
    """Ask the provider and show what it says."""
    settings, key = settings_and_key()
    with open_client(settings, key) as client:
        main = client.main_account()
        subaccounts = client.subaccounts()
    if json:
        from batch.document import accounts_document

        print_json(accounts_document(main.name, main.balance, subaccounts))
    else:
        from batch.cli.screens import accounts_screen

        accounts_screen(main.name, main.balance, subaccounts)
    return 0
