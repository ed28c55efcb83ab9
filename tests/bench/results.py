"""Gates, verdicts, and the tables they end in."""

import json
import os
import platform
import re
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench.measuring import BUSY_CORES, Comparison, median

HERE = Path(__file__).parent
PASS, OVER, NOISY, NOTE = "pass", "over", "noisy, rerun", "note"


@dataclass
class Row:
    """One figure beside its goal; goal None means it is told, not judged."""

    workload: str
    what: str
    value: float
    unit: str = "x"
    goal: float | None = None
    at_most: bool = True
    floor_s: float | None = None
    product_s: float | None = None
    cpu_ratio: float | None = None
    others_cores: float = 0.0
    load: float = field(default_factory=lambda: round(os.getloadavg()[0], 2))
    note: str = ""
    verdict: str = NOTE
    taken_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="minutes"))


class Report:
    """Collects the figures of a run and prints each as it comes."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.began = datetime.now(UTC)

    def add(self, row: Row, *, steady: bool = False) -> None:
        """Judge a figure. steady: it does not depend on how busy the box is (memory, counts)."""
        row.verdict = _verdict(row, steady=steady)
        self.rows.append(row)
        print("  " + _line(row), flush=True)

    def ratio(
        self, workload: str, what: str, found: Comparison, *, goal: float, note: str = ""
    ) -> None:
        """Add the ratio of product to floor."""
        walls = f"{len(found.floor)} rounds, floor spread {found.spread:.2f}"
        row = Row(
            workload,
            what,
            found.wall_ratio,
            goal=goal,
            floor_s=median(found.floor, "wall_s"),
            product_s=median(found.product, "wall_s"),
            cpu_ratio=found.cpu_ratio,
            others_cores=found.others_cores,
            note=", ".join(filter(None, [note, walls])),
        )
        self.add(row)

    @property
    def over(self) -> list[Row]:
        """The figures beyond their goals."""
        return [row for row in self.rows if row.verdict == OVER]

    def write(self, *, options: dict[str, Any], seconds: float, folder: Path = HERE) -> None:
        """Write results.json and RESULTS.md; what other runs said of workloads and larger sizes not in this one stays."""
        facts = {
            "taken_at": self.began.isoformat(timespec="seconds"),
            "seconds": round(seconds, 1),
            "options": options,
            "python": platform.python_version(),
            "cores": os.cpu_count(),
        }
        taken = {row.workload for row in self.rows}
        kept = [
            row
            for row in _former(folder / "results.json")
            if row.workload not in taken or _is_larger(row, max(options["sizes"], default=0))
        ]
        rows = sorted([*kept, *self.rows], key=lambda row: int(row.workload[1:].rstrip("B")))
        stored = {**facts, "rows": [asdict(row) for row in rows]}
        (folder / "results.json").write_text(json.dumps(stored, indent=1) + "\n")
        (folder / "RESULTS.md").write_text(_markdown(rows, facts))


def _is_larger(row: Row, largest: int) -> bool:
    """Tell whether a figure is of more rows than a run had."""
    named = re.findall(r"\bat (\d{1,3}(?:,\d{3})+)", row.what)
    return any(int(size.replace(",", "")) > largest for size in named)


def _former(file: Path) -> list[Row]:
    if not file.exists():
        return []
    return [Row(**row) for row in json.loads(file.read_text())["rows"]]


def _verdict(row: Row, *, steady: bool) -> str:
    if row.goal is None:
        return NOTE
    kept = row.value <= row.goal if row.at_most else row.value >= row.goal
    if steady or row.others_cores <= BUSY_CORES:
        return PASS if kept else OVER
    # On a busy box a wall ratio proves nothing in either direction; CPU of both sides says when it is hopeless.
    if row.cpu_ratio is None or not row.at_most:
        return NOISY
    return OVER if not kept and row.cpu_ratio > row.goal else NOISY


def _goal(row: Row) -> str:
    return "" if row.goal is None else f"{'≤' if row.at_most else '≥'} {row.goal:g} {row.unit}"


def _figure(value: float | None, unit: str = "") -> str:
    if value is None:
        return ""
    digits = 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 2 if abs(value) >= 0.1 else 4
    return f"{value:,.{digits}f} {unit}".strip()


def _line(row: Row) -> str:
    cpu = f"cpu {row.cpu_ratio:.2f}x" if row.cpu_ratio else ""
    times = (
        f"{_figure(row.floor_s)} s / {_figure(row.product_s)} s" if row.floor_s is not None else ""
    )
    parts = [
        f"{row.workload:4}{row.what:58}",
        f"{_figure(row.value, row.unit):>14}",
        f"{_goal(row):>12}",
        f"{row.verdict:13}",
    ]
    return " ".join([*parts, times, cpu, f"others {row.others_cores:.2f}", row.note])


def _markdown(rows: list[Row], facts: dict[str, Any]) -> str:
    head = (
        "# Results\n\n"
        f"Taken {facts['taken_at']} in {facts['seconds']} s on {facts['cores']} cores, Python {facts['python']}, "
        f"`python -m tests.bench {facts['options']['line']}`. Written by the run; do not edit.\n\n"
        "Ratio: median over the rounds of product to floor, wall time. CPU: the same of process and PostgreSQL backends together. "
        f"Others: cores that other programs used; beyond {BUSY_CORES:g} nothing passes (“noisy, rerun”).\n\n"
        "W3: the floor runs the product's own statements and writes 25 rows in constant surroundings, without the reads of tenant and "
        "member, menu, forms, security headers and log that the page owes; the page's part beyond its statements is the ratio. "
        "W8: the product's server against a bare view on the same server; a click is written before it is answered, which is the "
        "durable mode of BENCH.md. W10: exact checks against the same look-ups as one statement of the same role; names against "
        "the same search by a role that no policy holds. "
        "W11: the floor copies the same cells; the note beside it is COPY of bare columns without guard against formulas; of the "
        "journal it copies the same columns, with kinds for words. W12: the same writer, fed from a server-side cursor. "
        "W15: the job is a process of its own, which nobody slows down. W17: the floor runs a submission's own statements on a bare "
        "cursor. W18: time for ten times the rows; the books lie in one month, earned and released.\n\n"
        "| W | what | figure | goal | verdict | floor s | product s | CPU | others | load | taken | note |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
    )
    lines = [
        "| "
        + " | ".join(
            [
                row.workload,
                row.what,
                _figure(row.value, row.unit),
                _goal(row),
                row.verdict,
                _figure(row.floor_s),
                _figure(row.product_s),
                _figure(row.cpu_ratio, "x") if row.cpu_ratio else "",
                f"{row.others_cores:.2f}",
                f"{row.load:.2f}",
                row.taken_at[:16].replace("T", " "),
                row.note,
            ],
        )
        + " |"
        for row in rows
    ]
    return head + "\n".join(lines) + "\n"
