"""Segment's HTTP API and all that speaks it: its SDKs and webhooks, RudderStack, Jitsu, Customer.io."""
