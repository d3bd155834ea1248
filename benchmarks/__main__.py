"""`python -m benchmarks [NAME…]`: every row beside its budget, medians of five runs (DESIGN §9).

A benchmark is a module of this folder with `rows()`: it yields (what, measured, budget, note), in seconds, or in
things per second where the name says "per second", and then more is better.
"""

import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import django

RUNS = int(os.environ.get("RUNS", "5"))
Row = tuple[str, float, float, str]


def names() -> list[str]:
    return sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))


def medians(runs: list[list[Row]]) -> Iterator[Row]:
    """One row of each name, in the order of the first run."""
    for what, _measured, budget, note in runs[0]:
        yield what, median(row[1] for run in runs for row in run if row[0] == what), budget, note


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
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oncall_site.settings")
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    django.setup()
    print(f"{'':<58} {'median':>12} {'budget':>12} {'better':>8}")
    over = 0
    for name in wanted or names():
        module = importlib.import_module(f"benchmarks.{name}")
        for row in medians([list(module.rows()) for _ in range(RUNS)]):
            print(line(row), flush=True)
            over += "OVER" in line(row)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
