"""The site as people meet it: a real server, a real browser, the sandbox over real sockets."""
