"""What a piece of work costs: wall time, CPU of this process and of its PostgreSQL backends, memory; and how busy the box was."""

import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

TICK = os.sysconf("SC_CLK_TCK")
MIB = 1024 * 1024
# Cores that others may use before a figure is called noisy.
BUSY_CORES = 0.35
# A comparison ends after its third round once it has taken so many seconds.
PATIENCE_S = 20.0


@dataclass
class Cost:
    """One measured piece of work; seconds, and MiB of memory above what was held before."""

    wall_s: float = 0.0
    process_s: float = 0.0
    backend_s: float = 0.0
    others_cores: float = 0.0
    growth_mib: float = 0.0

    @property
    def cpu_s(self) -> float:
        """CPU of the process and of its backends."""
        return self.process_s + self.backend_s


class Meter:
    """Measures work on one database; its own connection is to another one."""

    def __init__(self, admin_url: str, database: str) -> None:
        self.admin = psycopg.connect(admin_url, autocommit=True)
        self.database = database

    def backends(self) -> dict[int, float]:
        """Return the CPU seconds of each backend of the database, by process id."""
        query = "select pid from pg_stat_activity where datname = %s"
        found = {}
        for (pid,) in self.admin.execute(query, [self.database]).fetchall():
            seconds = _cpu_of(pid)
            if seconds is not None:
                found[pid] = seconds
        return found

    @contextmanager
    def measured(self) -> Iterator[Cost]:
        """Fill the cost of the block; a backend that ends inside it is not counted."""
        cost = Cost()
        before, box, resident = self.backends(), _box_busy_s(), resident_mib()
        _forget_peak()
        process, wall = time.process_time(), time.perf_counter()
        yield cost
        cost.wall_s = time.perf_counter() - wall
        cost.process_s = time.process_time() - process
        peak = _peak_mib()
        after, busy = self.backends(), _box_busy_s() - box
        cost.backend_s = sum(seconds - before.get(pid, 0.0) for pid, seconds in after.items())
        cost.others_cores = max(0.0, (busy - cost.cpu_s) / cost.wall_s) if busy else 0.0
        cost.growth_mib = max(0.0, peak - resident)


def _cpu_of(pid: int) -> float | None:
    """Return the CPU seconds of a process: nanoseconds from schedstat, ticks where the kernel keeps none."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except (OSError, ValueError, IndexError):
        pass
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / TICK


def _box_busy_s() -> float:
    """Return the CPU seconds the whole machine has worked, 0.0 where that is not told."""
    try:
        parts = [int(part) for part in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    except OSError:
        return 0.0
    return (sum(parts[:8]) - parts[3] - parts[4]) / TICK


def _status(name: str) -> float:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(name + ":")), 0.0)


def resident_mib() -> float:
    """Return what the process holds in memory now."""
    return _status("VmRSS")


def _peak_mib() -> float:
    return _status("VmHWM")


def _forget_peak() -> None:
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


@dataclass
class Comparison:
    """The rounds of a floor and of the product, taken in turns."""

    floor: list[Cost] = field(default_factory=list)
    product: list[Cost] = field(default_factory=list)

    @property
    def wall_ratio(self) -> float:
        """The median of the ratios of each round."""
        return _ratio(self, lambda cost: cost.wall_s)

    @property
    def cpu_ratio(self) -> float:
        """The median of the ratios of process and backends together."""
        return _ratio(self, lambda cost: cost.cpu_s)

    @property
    def others_cores(self) -> float:
        """How many cores others used meanwhile, the median of all rounds."""
        return statistics.median(cost.others_cores for cost in self.floor + self.product)

    @property
    def spread(self) -> float:
        """Slowest to fastest round of the floor."""
        walls = [cost.wall_s for cost in self.floor]
        return max(walls) / min(walls)


def _ratio(comparison: Comparison, part: Callable[[Cost], float]) -> float:
    pairs = zip(comparison.floor, comparison.product, strict=True)
    return statistics.median(part(product) / part(floor) for floor, product in pairs)


def median(costs: list[Cost], part: str) -> float:
    """Return the median of one part of the costs."""
    return float(statistics.median(getattr(cost, part) for cost in costs))


def compare(
    meter: Meter,
    *,
    floor: Callable[[], Any],
    product: Callable[[], Any],
    check: Callable[[], None],
    reset: Callable[[], None],
    rounds: int,
) -> Comparison:
    """Run floor and product in turns from the same state; who begins changes from round to round.

    check: proves what was written, outside the measured time. reset: takes it back. rounds: at most, fewer when they
    take long, never fewer than three of those asked for.
    """
    found, began = Comparison(), time.perf_counter()
    for number in range(rounds):
        if number >= 3 and time.perf_counter() - began > PATIENCE_S:
            break
        sides = [(floor, found.floor), (product, found.product)]
        for work, costs in sides if number % 2 == 0 else reversed(sides):
            reset()
            with meter.measured() as cost:
                work()
            check()
            costs.append(cost)
    reset()
    return found


def p95(values: list[float]) -> float:
    """Return the 95th percentile."""
    return sorted(values)[max(0, round(len(values) * 0.95) - 1)]
