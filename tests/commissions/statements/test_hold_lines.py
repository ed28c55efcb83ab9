"""When what is on hold is released, as statements print it."""

from commissions.statements.papers import hold_lines

DAYS = ["2026-12-01", "2026-12-02", "2026-12-03", "2026-12-04", "2026-12-05", "2027-01-07"]


def test_the_later_releases_are_one_sum_so_that_all_parts_add_up() -> None:
    found = hold_lines([(day, 10_000 + at) for at, day in enumerate(DAYS)], "EUR")

    assert len(found) == 5
    assert found[0] == "€100.00 until 1\u00a0December 2026."
    assert found[-1] == "€200.09 later, the last until 7\u00a0January 2027."


def test_a_single_later_release_is_named_with_its_day() -> None:
    found = hold_lines([(day, 10_000) for day in DAYS[:5]], "EUR")

    assert found[-1] == "€100.00 until 5\u00a0December 2026."
    assert len(found) == 5
