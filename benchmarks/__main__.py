"""`python -m benchmarks [NAME…]`: every row beside its budget, medians of five runs (DESIGN §9).

A benchmark is a module of this folder with `rows()`: it yields (what, measured, budget, note), in seconds, or in
things per second where the name says "per second", and then more is better. It is asked five times; one that takes
long to prepare names `RUNS`, repeats its rows itself, and is asked once.

Measured on a PostgreSQL of its own where that is installed, else on SQLite; `DATABASE_URL` chooses another.
"""

import importlib
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import django
from django.db import connection

from tests import servers

RUNS = int(os.environ.get("RUNS", "5"))
Row = tuple[str, float, float, str]


def names() -> list[str]:
    return sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))


def medians(rows: Iterable[Row]) -> Iterator[Row]:
    """One row of each name, in the order in which the names came."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row)
    for what, same in found.items():
        yield what, median(row[1] for row in same), same[0][2], same[0][3]


def measured(name: str) -> Iterator[Row]:
    module = importlib.import_module(f"benchmarks.{name}")
    return medians(row for _ in range(1 if hasattr(module, "RUNS") else RUNS) for row in module.rows())


def line(row: Row) -> str:
    what, measured, budget, note = row
    is_rate = "per second" in what
    ratio = (measured / budget if is_rate else budget / measured) if budget and measured else 0
    verdict = "ok" if ratio >= 1 else "OVER"
    return f"{what:<58} {shown(measured, is_rate):>12} {shown(budget, is_rate):>12} {ratio:>7.1f}x {verdict:<5} {note}"


def shown(value: float, is_rate: bool) -> str:
    if is_rate:
        return f"{value:,.0f}/s"
    return f"{value * 1000:,.2f} ms" if value < 1 else f"{value:,.2f} s"


def main(wanted: list[str]) -> int:
    if unknown := set(wanted) - set(names()):
        print(f"There is no benchmark {', '.join(unknown)}. There are: {', '.join(names())}")
        return 2
    with ExitStack() as stack:
        if "DATABASE_URL" not in os.environ and servers.postgresql_programs():
            os.environ["DATABASE_URL"] = stack.enter_context(servers.postgresql())
        return measure(wanted or names())


def measure(chosen: list[str]) -> int:
    """Print the rows; 1 if one of them is over its budget."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oncall_site.settings")
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    django.setup()
    print(f"On {connection.vendor}, medians of {RUNS} runs.")
    print(f"{'':<58} {'median':>12} {'budget':>12} {'better':>8}")
    over = 0
    for name in chosen:
        for row in measured(name):
            print(line(row), flush=True)
            over += " OVER " in line(row)
    connection.close()
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
