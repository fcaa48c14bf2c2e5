"""Mailgun's webhooks: one event a request, its signature in the body."""
