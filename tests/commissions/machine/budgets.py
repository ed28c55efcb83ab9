"""What waits for a plan's budget, by the raw rows."""

from collections import defaultdict
from typing import Any

from django.db import connection

from prm.tenancy.scope import tenant_scope
from tests.commissions.machine.story import BUDGETED, Story

WAITING = "commissions_waiting_reward w where w.booked_at is null and w.dropped_at is null"


def waiting_minor(tenant_id: int) -> int:
    """Return how much waits in all, in euro cents."""
    with tenant_scope(tenant_id):
        return int(_one(f"select coalesce(sum(w.amount_minor), 0) from {WAITING}")[0])


def kept_waiting(story: Story) -> list[tuple[str, int]]:
    """Return of each line that waits its partner's name and what is left of it after refunds; a scope is open."""
    if story.flavour != BUDGETED:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "select p.name, q.source_id::text, q.amount_minor from"
            f" (select * from {WAITING}) q join partners_partner p on p.id = q.partner_id"
            " order by q.id"
        )
        rows = cursor.fetchall()
    parts: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for name, event, minor in rows:
        parts[event].append((name, minor))
    found = []
    for event, lines in parts.items():
        whole = sum(minor for _, minor in lines)
        left = story.kept(story.paid_by(event), whole)
        # The last line of a reward has what its whole leaves.
        for place, (name, minor) in enumerate(lines, start=1):
            kept = left if place == len(lines) else min(left, round(minor * left / whole))
            whole, left = whole - minor, left - kept
            found.append((name, kept))
    return found


def head_and_use(month: str) -> tuple[str, int, int] | None:
    """Return the first reward of the queue (id of its event, amount) and how much is used of a month's budget."""
    found = _one(
        "select h.source_id::text, (select sum(w.amount_minor) from"
        f" {WAITING} and (w.source_kind, w.source_id, w.rule_id) = (h.source_kind, h.source_id, h.rule_id)),"
        " (select coalesce(sum(a.amount_minor - a.clawed_minor), 0) from commissions_accrual a"
        f" where a.budget_on = %s) from (select * from {WAITING} order by w.earned_at, w.id limit 1) h",
        month,
    )
    return (found[0], int(found[1]), int(found[2])) if found else None


def _one(sql: str, *values: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone()
