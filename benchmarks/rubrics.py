"""Rubrics of several sizes; every second rule holds for the events of benchmarks/bodies.py."""

import json

from benchmarks.bodies import TYPES

EACH_CROSSES = json.dumps(
    {
        "name": "Each event crosses",
        "rules": [{"id": "click", "on": "email.clicked", "points": 5}],
        "handoff": {"at": 5, "rearm_below": 1},
    }
).encode()


def of_rules(number: int) -> bytes:
    """A rubric of so many rules, each with a condition and a cap."""
    rules = [
        {
            "id": f"rule-{n}",
            "on": TYPES[n // 2 % len(TYPES)],
            "points": 1 + n % 7,
            # The second test holds for all, and makes each rule's signal another.
            "where": {"path": {"starts_with": ("/jobs/", "/partners/")[n % 2]}, f"n{n}": {"exists": False}},
            "at_most": {"times": 1 + n % 3, "per": "day"},
        }
        for n in range(number)
    ]
    document = {
        "name": f"{number} rules",
        "rules": rules,
        "fade": {"half_life_days": 30},
        "handoff": {"at": 25, "rearm_below": 15},
    }
    return json.dumps(document).encode()
