"""The command line: reads arguments, calls the runner, prints. It holds no rules."""
