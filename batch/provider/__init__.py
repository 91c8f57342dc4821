"""Talking to the provider: `connection` and `wire` move bytes, `decode` understands them, `client` makes the calls."""
