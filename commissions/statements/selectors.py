"""Reads about statements."""

from django.db.models import Exists, Min, OuterRef, QuerySet, Subquery

from commissions.statements.models import Dispute, ReadingWay, Statement, StatementReading
from prm.accounts.members import Member


def listed_statements(member: Member) -> QuerySet[Statement]:
    """Return the statements a member may see, with their partners, in no order yet."""
    found = Statement.objects.visible_to(member)
    # The row of a duplicate that was merged is hidden from the partner that stays; its statements are not.
    return found.select_related("partner") if member.is_staff else found


def with_readings(rows: QuerySet[Statement], seen: str) -> QuerySet[Statement]:
    """Return statements with first_seen_at and confirmed_at, null where they were not.

    seen: only those that are seen ("yes"), not yet ("no"), or "confirmed"; all when empty.
    """
    read = StatementReading.objects.filter(statement=OuterRef("pk")).order_by()
    confirmed = read.filter(way=ReadingWay.CONFIRMED)
    if seen == "no":
        rows = rows.filter(~Exists(read))
    elif seen:
        rows = rows.filter(Exists(confirmed if seen == "confirmed" else read))
    return rows.annotate(
        first_seen_at=Subquery(
            read.values("statement_id").annotate(first=Min("at")).values("first")
        ),
        confirmed_at=Subquery(confirmed.values("at")[:1]),
    )


def stated_currencies(member: Member) -> list[str]:
    """Return the currencies in which the member sees statements."""
    return list(
        listed_statements(member).order_by("currency").values_list("currency", flat=True).distinct()
    )


def period_choices(member: Member) -> list[str]:
    """Return the months, as yyyy-mm, in which statements a member sees end, newest first, at most 36."""
    days = listed_statements(member).dates("period_end", "month", order="DESC")
    return [f"{day:%Y-%m}" for day in days[:36]]


def listed_disputes(member: Member) -> QuerySet[Dispute]:
    """Return the disputes a member may see, with line, statement, people and file, in no order yet."""
    found = Dispute.objects.visible_to(member)
    return found.select_related("line__statement", "partner", "opened_by", "closed_by", "evidence")
