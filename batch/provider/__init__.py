"""Talking to the provider: `http` exchanges bytes, `decode` understands them, `client` makes the calls."""
