"""The web site: a shell like the command line. It holds no rules, and both see the same ledger."""
