"""`python tests/passes.py quick|slow`: the passes of `make test` and `make test-slow`, and what was left out and why.

Every test runs on SQLite, and again on PostgreSQL where it is installed; tests marked `serial` run alone.
"""

import os
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path

import servers

PYTEST_FOUND_NOTHING = 5
EVERYTHING_MUST_RUN = os.environ.get("TANDEM_NOTHING_SKIPPED") == "1"

# These bring databases of their own or ask none, so that the pass on PostgreSQL would only repeat them.
NOT_AGAIN = [
    "--ignore=tests/e2e",
    *(f"--ignore=tests/site/test_{about}.py" for about in ("bootstrap", "checks", "processes", "settings")),
]


def passes(kind: str, *, postgresql: bool) -> list[tuple[str, list[str], bool]]:
    """Name, pytest arguments, and whether the pass runs on PostgreSQL."""
    which = "slow" if kind == "slow" else "not slow"
    # Where PostgreSQL is there, what only it promises runs in its own pass, and is not skipped in this one.
    here = f"{which} and not postgres" if postgresql else which
    found = [
        ("SQLite", ["-n", "2", "-m", f"{here} and not serial"], False),
        ("SQLite, alone", ["-n", "0", "-m", f"{here} and serial"], False),
    ]
    if postgresql:
        found += [
            ("PostgreSQL", ["-n", "2", "-m", f"{which} and not serial and not browser", *NOT_AGAIN], True),
            ("PostgreSQL, alone", ["-n", "0", "-m", f"{which} and serial and not browser", *NOT_AGAIN], True),
        ]
    return found


def run(name: str, arguments: list[str], environment: dict[str, str]) -> bool:
    """Run one pass; whether it passed."""
    print(f"\n── {name} ──", flush=True)
    began = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", *arguments, *sys.argv[2:]]
    code = subprocess.run(command, env={**os.environ, **environment}, check=False).returncode
    print(f"── {name}: {time.monotonic() - began:.0f} s ──", flush=True)
    return code in {0, PYTEST_FOUND_NOTHING}


def main(kind: str) -> int:
    has_postgresql = servers.postgresql_programs() is not None
    if not has_postgresql:
        print("PostgreSQL is not installed (apt install postgresql): the pass on PostgreSQL is left out.")
        if EVERYTHING_MUST_RUN:
            return 1
    with servers.postgresql() if has_postgresql else nullcontext("") as url:
        results = [
            run(name, arguments, {"DATABASE_URL": url} if on_postgresql else {})
            for name, arguments, on_postgresql in passes(kind, postgresql=has_postgresql)
        ]
    return 0 if all(results) else 1


if __name__ == "__main__":
    os.chdir(Path(__file__).resolve().parents[1])
    sys.exit(main(sys.argv[1]))
