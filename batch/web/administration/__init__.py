"""What administrators do: people, the connection to the provider, limits; and the audit log."""
