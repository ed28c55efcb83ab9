"""Charts start at zero, leave gaps for what is missing, and carry their figures as words."""

import re

from prm.web.charts import Bar, bar_chart, funnel_chart, line_chart, sparkline
from prm.web.formats import money_text


def euros(minor: float) -> str:
    return money_text(int(minor), "EUR")


def test_bars_stand_on_a_round_axis_and_name_their_value() -> None:
    bars = [
        Bar("Jan", "January", 90_000),
        Bar("Feb", "February", None),
        Bar("Mar", "March", 300_000, open=True),
    ]

    chart = bar_chart(
        bars, heading="Paid", finding="Best month: March.", head=["Month", "Paid"], words=euros
    )

    assert re.findall(r">([^<]+)</text>", chart.axis) == [
        "€0.00",
        "€1,000.00",
        "€2,000.00",
        "€3,000.00",
    ]
    assert "<title>January: €900.00</title>" in chart.plot
    assert chart.plot.count('class="s1"') == 1
    assert chart.plot.count('class="s2"') == 1
    assert 'height="156.00"' in chart.plot
    assert chart.rows == [["January", "€900.00"], ["February", "–"], ["March", "€3,000.00"]]


def test_labels_cannot_carry_markup() -> None:
    chart = bar_chart([Bar("<x>", "<script>", 1)], heading="", finding="", head=["", ""])

    assert "<script>" not in chart.plot
    assert "<x>" not in chart.plot


def test_a_line_breaks_where_a_value_is_missing() -> None:
    points = [Bar(str(n), str(n), value) for n, value in enumerate([1, 2, None, 3, 4])]

    chart = line_chart(points, goal=[1, 1, 1, 1, 1], heading="", finding="", head=["", "", ""])

    assert chart.plot.count('class="line"') == 2
    assert chart.plot.count('class="goal"') == 1
    assert chart.rows[2] == ["2", "–", "1"]


def test_nothing_at_all_is_drawn_as_nothing() -> None:
    chart = bar_chart([Bar("Jan", "January", 0)], heading="", finding="", head=["", ""])
    empty = bar_chart([], heading="", finding="", head=["", ""])

    assert 'height="0.00"' in chart.plot
    # No mark of a cent stands at a line that no bar is measured by.
    for nothing in (
        chart,
        empty,
        line_chart([Bar("Jan", "", None)], heading="", finding="", head=[]),
    ):
        assert re.findall(r">([^<]+)</text>", nothing.axis) == ["0"]


def test_a_funnel_shares_out_of_the_step_before() -> None:
    chart = funnel_chart(
        [("Sent", 200), ("Accepted", 100), ("Won", 25)], heading="", finding="", head=["", "", ""]
    )

    assert chart.rows == [["Sent", "200", "–"], ["Accepted", "100", "50%"], ["Won", "25", "25%"]]
    assert funnel_chart([("Sent", 0), ("Won", 0)], heading="", finding="", head=["", "", ""]).rows[
        1
    ] == ["Won", "0", "–"]


def test_a_sparkline_needs_two_values() -> None:
    assert sparkline([3]) == ""
    assert sparkline([3, 3]).count("<path") == 2
