"""HTTP in: parse, one call, respond."""
