"""HTTP and WebSocket: API, pages, the sockets of desk and caller."""
