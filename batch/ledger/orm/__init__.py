"""The ledger in a database, through Django: SQLite by default, PostgreSQL by URL."""
