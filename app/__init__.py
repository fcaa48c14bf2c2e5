"""Handraiser: tells a vendor which of its partners has just raised a hand."""
