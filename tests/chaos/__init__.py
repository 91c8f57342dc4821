"""The real command as a process, against the sandbox over real sockets, killed at random moments and resumed."""
