"""CloudEvents 1.0 over HTTP, for the front door and for `POST /v1/events`."""
