"""Charts drawn on the server: SVG that needs no script, keeps its text size at any width, and stands beside its table.

Bars, text and hover areas use percentages; lines and areas sit in a nested stretched SVG (DESIGN.md, section 7).
y starts at 0; a missing value is a gap, not zero; at most two series.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import ceil, floor, log10
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString

from prm.web.formats import number_text, percent_text

TOP, BASE, HEIGHT = 10, 166, 190
FUNNEL_TOP, FUNNEL_BASE, FUNNEL_HEIGHT = 40, 188, 210
STEPS = 3

Words = Callable[[float], str]
NO_AXIS = SafeString("")


@dataclass(frozen=True)
class Chart:
    """What components/chart.html writes: the drawing, its sentence, its key and its table."""

    heading: Any
    finding: Any
    plot: SafeString
    axis: SafeString = NO_AXIS
    height: int = HEIGHT
    key: Sequence[tuple[str, Any]] = field(default_factory=list)
    head: Sequence[Any] = field(default_factory=list)
    rows: Sequence[Sequence[Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Bar:
    """One column: its short and full name, its value; open marks the current, unfinished period."""

    label: Any
    name: Any
    value: float | None
    open: bool = False


def bar_chart(
    bars: Sequence[Bar],
    *,
    heading: Any,
    finding: Any,
    head: Sequence[Any],
    words: Words = number_text,
    axis_words: Words | None = None,
    key: Sequence[tuple[str, Any]] = (),
) -> Chart:
    """Return columns over time. words: value -> text for titles and table; axis_words: shorter, for the axis."""
    top = _round_top([bar.value for bar in bars])
    width = 100 / max(len(bars), 1)
    parts = [*_grid()]
    for index, bar in enumerate(bars):
        left, middle = index * width, (index + 0.5) * width
        if bar.value is not None:
            tall = _scaled(bar.value, top)
            said = words(bar.value)
            parts.append(
                f"<g><title>{escape(bar.name)}: {escape(said)}</title>"
                f'<rect class="hot" x="{left:.2f}%" y="{TOP}" width="{width:.2f}%" height="{BASE - TOP}"/>'
                f'<rect class="{"s2" if bar.open else "s1"}" x="{left + width * 0.22:.2f}%" y="{BASE - tall:.2f}"'
                f' width="{width * 0.56:.2f}%" height="{tall:.2f}" rx="{min(3, tall / 2):.2f}"/></g>',
            )
        parts.append(_label(bar.label, middle, minor=len(bars) > 6 and index % 2 == 0))
    rows = [[bar.name, "–" if bar.value is None else words(bar.value)] for bar in bars]
    return Chart(
        heading,
        finding,
        SafeString("".join(parts)),
        _axis(top if any(bar.value for bar in bars) else 0, axis_words or words),
        HEIGHT,
        key,
        head,
        rows,
    )


def line_chart(
    points: Sequence[Bar],
    *,
    heading: Any,
    finding: Any,
    head: Sequence[Any],
    goal: Sequence[float | None] = (),
    words: Words = number_text,
    axis_words: Words | None = None,
    key: Sequence[tuple[str, Any]] = (),
) -> Chart:
    """Return a line with its area over time; goal is a second, dashed line with one value a point."""
    top = _round_top([*(point.value for point in points), *goal])
    width = 100 / max(len(points), 1)
    lines = []
    for run in _runs([point.value for point in points], width, top):
        path = "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in run)
        lines.append(f'<path class="area" d="{path}L{run[-1][0]:.2f} 100L{run[0][0]:.2f} 100z"/>')
        lines.append(f'<path class="line" d="{path}" vector-effect="non-scaling-stroke"/>')
    for run in _runs(list(goal), width, top):
        path = "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in run)
        lines.append(f'<path class="goal" d="{path}" vector-effect="non-scaling-stroke"/>')
    parts = [*_grid(), _stretched(TOP, BASE - TOP, lines)]
    for index, point in enumerate(points):
        middle = (index + 0.5) * width
        if point.value is not None:
            title = f"<title>{escape(point.name)}: {escape(words(point.value))}</title>"
            hot = f'<rect class="hot" x="{index * width:.2f}%" y="{TOP}" width="{width:.2f}%" height="{BASE - TOP}"/>'
            dot = (
                f'<circle class="dot" cx="{middle:.2f}%" cy="{BASE - _scaled(point.value, top):.2f}" r="3.5"/>'
                if point.open
                else ""
            )
            parts.append(f"<g>{title}{hot}{dot}</g>")
        parts.append(_label(point.label, middle, minor=len(points) > 6 and index % 2 == 1))
    rows = []
    for index, point in enumerate(points):
        row = [point.name, "–" if point.value is None else words(point.value)]
        if goal:
            aim = goal[index]
            row.append("–" if aim is None else words(aim))
        rows.append(row)
    return Chart(
        heading,
        finding,
        SafeString("".join(parts)),
        _axis(top if any([*(point.value for point in points), *goal]) else 0, axis_words or words),
        HEIGHT,
        key,
        head,
        rows,
    )


def funnel_chart(
    steps: Sequence[tuple[Any, int]], *, heading: Any, finding: Any, head: Sequence[Any]
) -> Chart:
    """Return how many reach each step, with the share of the step before."""
    most = max([count for _, count in steps], default=0)
    width = 100 / max(len(steps), 1)
    room = FUNNEL_BASE - FUNNEL_TOP
    shares = [count / most if most else 0 for _, count in steps]
    slopes = []
    for index in range(len(steps) - 1):
        x1, x2 = (index + 0.81) * width, (index + 1.19) * width
        y1, y2 = 100 - 100 * shares[index], 100 - 100 * shares[index + 1]
        slopes.append(
            f'<path class="slope" d="M{x1:.2f} {y1:.2f}L{x2:.2f} {y2:.2f}L{x2:.2f} 100L{x1:.2f} 100z"/>'
        )
    parts = [
        _stretched(FUNNEL_TOP, room, slopes),
        f'<line class="base" x1="0" x2="100%" y1="{FUNNEL_BASE}.5" y2="{FUNNEL_BASE}.5"/>',
    ]
    rows = []
    for index, (name, count) in enumerate(steps):
        before = steps[index - 1][1] if index else count
        share = percent_text(count / before) if before else "–"
        tall, middle = room * shares[index], (index + 0.5) * width
        y = FUNNEL_BASE - tall
        parts.append(
            f'<rect class="s1" x="{(index + 0.19) * width:.2f}%" y="{y:.2f}"'
            f' width="{width * 0.62:.2f}%" height="{tall:.2f}" rx="{min(3, tall / 2):.2f}">'
            f"<title>{escape(name)}: {number_text(count)}</title></rect>"
            f'<text class="lead" x="{middle:.2f}%" y="{y - 22:.2f}" text-anchor="middle">{number_text(count)}</text>'
            f'<text x="{middle:.2f}%" y="{y - 7:.2f}" text-anchor="middle">{share}</text>'
            f'<text x="{middle:.2f}%" y="{FUNNEL_BASE + 17}" text-anchor="middle">{escape(name)}</text>',
        )
        rows.append([name, number_text(count), share if index else "–"])
    return Chart(
        heading, finding, SafeString("".join(parts)), height=FUNNEL_HEIGHT, head=head, rows=rows
    )


def sparkline(values: Sequence[float]) -> SafeString:
    """Return the small line of a tile; nothing below two values. Decoration: the tile's words carry the meaning."""
    if len(values) < 2:
        return SafeString("")
    low, high = min(values), max(values)
    span = (high - low) or 1
    points = [
        (100 * i / (len(values) - 1), 24 - 20 * (value - low) / span)
        for i, value in enumerate(values)
    ]
    path = "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in points)
    return SafeString(
        '<svg class="spark" viewBox="0 0 100 28" preserveAspectRatio="none" aria-hidden="true">'
        f'<path class="area" d="{path}L100 28L0 28z"/><path d="{path}" vector-effect="non-scaling-stroke"/></svg>',
    )


def _round_top(values: Sequence[float | None]) -> float:
    """Return the axis' end: the next round number whose thirds are round as well."""
    highest = max([value for value in values if value is not None], default=0)
    if highest <= 0:
        return float(STEPS)
    scale = float(10.0 ** floor(log10(highest)))
    for step in (1.2, 1.5, 1.8, 2.4, 3, 4.5, 6, 7.5, 9, 12):
        if highest <= step * scale * 1.000001:
            top = step * scale
            # Counts keep whole marks.
            return float(ceil(top / STEPS) * STEPS) if highest >= 1 and scale <= 1 else float(top)
    return 12.0 * scale


def _scaled(value: float, top: float) -> float:
    return max(value, 0) / top * (BASE - TOP)


def _grid() -> list[str]:
    lines = []
    for step in range(STEPS + 1):
        y = BASE - step * (BASE - TOP) / STEPS + 0.5
        lines.append(
            f'<line class="{"grid" if step else "base"}" x1="0" x2="100%" y1="{y:g}" y2="{y:g}"/>'
        )
    return lines


def _axis(top: float, words: Words) -> SafeString:
    """Return the marks at the lines; 0 where nothing has a value, as no unit is the right one then."""
    marks = []
    for step in range(STEPS + 1 if top else 1):
        y = BASE - step * (BASE - TOP) / STEPS + 4
        marks.append(
            f'<text x="100%" y="{y:g}" text-anchor="end">{escape(words(top * step / STEPS))}</text>'
        )
    return SafeString("".join(marks))


def _label(text: Any, middle: float, *, minor: bool) -> str:
    css = ' class="minor"' if minor else ""
    return (
        f'<text{css} x="{middle:.2f}%" y="{BASE + 18}" text-anchor="middle">{escape(text)}</text>'
    )


def _stretched(y: int, height: int, shapes: Sequence[str]) -> str:
    """Return a drawing of 100 by 100 pulled over the plot; only its strokes keep their width."""
    box = 'width="100%" viewBox="0 0 100 100" preserveAspectRatio="none"'
    return f'<svg y="{y}" height="{height}" {box}>{"".join(shapes)}</svg>'


def _runs(
    values: Sequence[float | None], width: float, top: float
) -> list[list[tuple[float, float]]]:
    """Split a series at its gaps; a run of one point draws nothing."""
    runs: list[list[tuple[float, float]]] = [[]]
    for index, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append(((index + 0.5) * width, 100 - 100 * max(value, 0) / top))
    return [run for run in runs if len(run) > 1]
