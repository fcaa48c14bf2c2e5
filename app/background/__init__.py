"""Work of many transactions: done by the service itself, or for a request or command that waits."""
