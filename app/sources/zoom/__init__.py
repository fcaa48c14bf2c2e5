"""Zoom: who registers for webinars and meetings, and who comes and goes."""
