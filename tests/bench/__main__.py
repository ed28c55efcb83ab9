"""Run the workloads, print each figure as it comes, write results.json and RESULTS.md."""

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from tests.bench.arena import Arena, arena
from tests.bench.measuring import Meter
from tests.bench.results import Report

SIZES = (1_000, 10_000, 100_000)
FULL = 1_000_000
WORKLOADS = (
    *("W1", "W2", "W3", "W8", "W9", "W10", "W11"),
    *("W12", "W13", "W14", "W15", "W17", "W18", "W19"),
)
# Only with --full, or when asked for by name.
LONG = ("W13B",)


def main() -> int:
    """Run what was asked for; the exit code tells of missed goals only with --strict."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--full", action="store_true", help="a million referrals as well (up to 30 minutes)"
    )
    parser.add_argument("--only", default="", help="some workloads: W1,W3")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sizes", default="", help="other sizes: 1000,10000")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when a goal is missed")
    parser.add_argument("--dry", action="store_true", help="write no result files")
    options = parser.parse_args()
    wanted = [name for name in options.only.upper().split(",") if name] or [
        *WORKLOADS,
        *(LONG if options.full else ()),
    ]
    if unknown := set(wanted) - {*WORKLOADS, *LONG}:
        parser.error(
            f"no such workload: {', '.join(sorted(unknown))}; there are {', '.join((*WORKLOADS, *LONG))}"
        )
    sizes = [int(size) for size in options.sizes.split(",") if size] or [
        *SIZES,
        *([FULL] if options.full else []),
    ]
    # Told to stop, it still drops its database.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    began, report = time.monotonic(), Report()
    with arena() as ring:
        _run(ring, report, wanted, sizes, rounds=options.rounds)
    seconds = time.monotonic() - began
    print(
        f"{len(report.over)} of {len(report.rows)} figures are beyond their goals; {seconds:.0f} s in all."
    )
    if not options.dry:
        report.write(options={"line": " ".join(sys.argv[1:]), "sizes": sizes}, seconds=seconds)
    return 1 if options.strict and report.over else 0


def _run(ring: Arena, report: Report, wanted: list[str], sizes: list[int], *, rounds: int) -> None:
    from tests.bench import (
        accrual,
        beside,
        books,
        clicks,
        csv_export,
        duplicates,
        histories,
        partner_list,
        payout_run,
        pdf_statements,
        referral_import,
        statement_batch,
    )
    from tests.bench.population import TABLES, make_vendor

    began = time.monotonic()
    vendors = [make_vendor(ring, size) for size in sizes]
    ring.tidy(*TABLES)
    print(
        f"{sum(sizes):,} referrals in {len(sizes)} tenants, made in {time.monotonic() - began:.0f} s",
        flush=True,
    )
    meter = Meter(os.environ["DATABASE_ADMIN_URL"], ring.name)
    workloads: dict[str, list[Callable[..., Any]]] = {
        "W1": [accrual.run, histories.run],
        "W2": [payout_run.run],
        "W3": [partner_list.run],
        "W8": [clicks.follow],
        "W9": [clicks.count],
        "W10": [duplicates.run],
        "W11": [csv_export.run, books.csv_file],
        "W12": [books.workbook],
        "W13": [pdf_statements.run],
        "W13B": [statement_batch.run],
        "W14": [referral_import.run],
        "W15": [beside.pages_beside_a_job],
        "W17": [beside.submissions],
        "W18": [books.growth],
        "W19": [beside.memory],
    }
    for name in wanted:
        with meter.measured() as cost:
            for part in workloads[name]:
                part(ring, meter, report, vendors, rounds=rounds)
        print(f"{name} took {cost.wall_s:.0f} s, {cost.cpu_s:.0f} s of CPU", flush=True)


if __name__ == "__main__":
    sys.exit(main())
