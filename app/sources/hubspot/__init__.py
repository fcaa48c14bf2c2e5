"""HubSpot: the subscriptions of an app, which tell ids only, and the webhooks of a workflow."""
