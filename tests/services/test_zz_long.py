from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.services.test_stateful import Life
from pathlib import Path
from sqlalchemy.engine import make_url


def test_long(sqlite_url):
    Life.template = Path(str(make_url(sqlite_url).database))
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=500, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
