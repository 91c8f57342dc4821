"""The accounting entries of a batch: what is done, as debit and credit, for the accounts that the settings name."""
