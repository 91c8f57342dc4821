"""Talking to the provider: `wire` moves bytes, `decode` understands them, `client` asks the four questions."""
