"""One function per thing a person or a platform can ask for: (connection, command, now)."""
