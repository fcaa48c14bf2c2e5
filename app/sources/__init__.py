"""A native payload of a platform becomes events; signatures are checked. Pure."""
