"""Pay a sheet of SMS Partner sub-account credits, each row exactly once."""

__version__ = "0.9.0"
