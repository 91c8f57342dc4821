"""Talking to the provider: `http` exchanges bytes, `responses` understands them, `client` makes the calls."""
