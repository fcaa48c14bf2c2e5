"""HTTP out: the only package that imports the HTTP client."""
