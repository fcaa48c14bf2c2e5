"""What the service can do on this machine, each figure beside its yardstick from the same run."""
