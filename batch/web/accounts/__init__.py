"""The sub-accounts: their balances, every movement each had, and the template to fill in."""
