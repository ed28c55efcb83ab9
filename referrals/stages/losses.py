"""Why deals were lost: counted by reason in a period, and the referrals behind each number."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import (
    Aggregate,
    Count,
    F,
    FloatField,
    OuterRef,
    QuerySet,
    Subquery,
    TextField,
    Value,
)
from django.db.models.functions import Coalesce, Extract

from referrals.pipeline.models import Referral, StageChange, StageKind

DAY = 86_400


class Median(Aggregate):
    """The middle value, between two of them for an even number."""

    function = "percentile_cont"
    template = "percentile_cont(0.5) within group (order by %(expressions)s)"
    output_field = FloatField()


@dataclass(frozen=True)
class Asked:
    """What the report is about. first, last: days of the zone, both included; None asks for all."""

    first: date
    last: date
    zone: ZoneInfo
    program_id: UUID | None = None
    partner_id: UUID | None = None
    role: str = ""

    @property
    def moments(self) -> tuple[datetime, datetime]:
        """The first moment of the first day, and that of the day after the last."""
        after = self.last + timedelta(days=1)
        return (
            datetime.combine(self.first, time(), self.zone),
            datetime.combine(after, time(), self.zone),
        )


@dataclass(frozen=True)
class LossLine:
    """How often one reason was given. reason: empty where none was; days: from sending to losing, half took at most."""

    reason: str
    count: int
    days: float
    share: float

    @property
    def days_short(self) -> float:
        """The days with one decimal."""
        return round(self.days, 1)


def ended_in(visible: QuerySet[Referral], asked: Asked, kind: str) -> QuerySet[Referral]:
    """Return the visible referrals that stand in a kind of end since a moment of the period."""
    since, before = asked.moments
    rows = visible.filter(stage_kind=kind, closed_at__gte=since, closed_at__lt=before)
    if asked.program_id:
        rows = rows.filter(program_id=asked.program_id)
    if asked.partner_id:
        rows = rows.filter(partner_id=asked.partner_id)
    if asked.role:
        rows = rows.filter(role=asked.role)
    return rows


def lost_in(visible: QuerySet[Referral], asked: Asked) -> QuerySet[Any]:
    """Return what was lost in the period and still is, each with `loss`, the name of its last reason, and `told`."""
    steps = StageChange.objects.filter(referral_id=OuterRef("id"), to_kind=StageKind.LOST)
    last = steps.order_by("-at", "-id")
    return ended_in(visible, asked, StageKind.LOST).annotate(
        loss=_first(last.values("loss_reason__name")),
        told=_first(last.values("reason")),
    )


def _first(texts: QuerySet[StageChange, Any]) -> Coalesce:
    return Coalesce(Subquery(texts[:1]), Value(""), output_field=TextField())


def loss_lines(lost: QuerySet[Any]) -> list[LossLine]:
    """Return the reasons of lost_in, the most frequent first; their counts add up to its rows."""
    took = Extract(F("closed_at") - F("registered_at"), "epoch")
    rows: list[Any] = list(
        lost.order_by()
        .values("loss")
        .annotate(count=Count("id"), seconds=Median(took))
        .values_list("loss", "count", "seconds")
    )
    total = sum(count for _, count, _ in rows)
    lines = [
        LossLine(reason, count, float(seconds) / DAY, count / total)
        for reason, count, seconds in rows
    ]
    return sorted(lines, key=lambda line: (-line.count, line.reason))
