"""Documents that people write, rubrics and mappings: reading them, and saying plainly what is wrong. Pure."""
