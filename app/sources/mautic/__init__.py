"""Mautic's webhooks: several kinds of event at once, each a list under its name."""
