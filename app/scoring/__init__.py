"""What events are worth: pure functions and frozen values, with no I/O and no clock."""
