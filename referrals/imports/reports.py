"""What a check says and a commit did, in the same figures, so that one can be held against the other."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from prm.web.formats import money_plain
from referrals.imports.models import Import
from referrals.imports.rules import Draft, Problem

# A report names this many partners, those with most rows first; the sums count all.
PARTNERS_NAMED = 200

_REFERRALS = """
select p.name, p.import_id = %(import)s, r.stage_kind, r.submitted_by_name, count(*),
       coalesce(sum(r.deal_minor) filter (where r.stage_kind = 'won'), 0), min(r.registered_at), max(r.registered_at),
       count(*) filter (where r.stage_kind = 'won' and r.deal_minor > 0),
       count(*) filter (where r.stage_kind = 'submitted' and r.queued_at is null)
  from referrals_referral r join partners_partner p on p.tenant_id = r.tenant_id and p.id = r.partner_id
 where r.import_id = %(import)s group by 1, 2, 3, 4
"""


@dataclass
class Tally:
    """Counts and sums of an import. deal_minor: value of the won, in minor units of the program's currency."""

    currency: str
    zone: ZoneInfo
    rows: int = 0
    ready: int = 0
    lines: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    problems: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    stages: Counter[str] = field(default_factory=Counter)
    deal_minor: int = 0
    sales: int = 0
    history: int = 0
    partners: dict[str, dict[str, Any]] = field(default_factory=dict)
    people: set[str] = field(default_factory=set)
    first_at: datetime | None = None
    last_at: datetime | None = None

    def add(
        self,
        name: str,
        kind: str,
        person: str,
        *,
        new: bool,
        count: int,
        deal_minor: int,
        sales: int,
        history: int,
        first_at: datetime,
        last_at: datetime,
    ) -> None:
        """Count some referrals of one partner, stage and person."""
        self.ready += count
        self.stages[kind] += count
        self.deal_minor += deal_minor
        self.sales += sales
        self.history += history
        if person:
            self.people.add(person)
        partner = self.partners.setdefault(
            name, {"name": name, "new": new, "rows": 0, "won": 0, "deal_minor": 0}
        )
        partner["rows"] += count
        partner["won"] += count if kind == "won" else 0
        partner["deal_minor"] += deal_minor
        self.first_at = min(self.first_at or first_at, first_at)
        self.last_at = max(self.last_at or last_at, last_at)

    def add_draft(self, draft: Draft, name: str, *, new: bool, waits: bool) -> None:
        """Count a row that goes in. name: the partner's, as the portal has it. waits: whether answers are owed."""
        deal = (draft.deal_minor or 0) if draft.stage.kind == "won" else 0
        self.add(
            name,
            draft.stage.kind,
            draft.submitted_by,
            new=new,
            count=1,
            deal_minor=deal,
            sales=int(deal > 0),
            history=int(draft.stage.kind == "submitted" and not waits),
            first_at=draft.registered_at,
            last_at=draft.registered_at,
        )

    def say(self, problem: Problem) -> None:
        """Count what is said about a row."""
        self.problems[problem.severity, problem.code, problem.column] += 1
        self.lines[problem.severity].add(problem.line)

    def report(self) -> dict[str, Any]:
        """Return the figures as JSON."""
        named = sorted(
            self.partners.values(), key=lambda partner: (-partner["rows"], partner["name"])
        )
        return {
            "rows": self.rows,
            "ready": self.ready,
            "errors": len(self.lines["error"]),
            "skipped": len(self.lines["skipped"]),
            "warned": len(self.lines["warning"]),
            "stages": dict(sorted(self.stages.items())),
            "currency": self.currency,
            "deal_minor": self.deal_minor,
            "sales": self.sales,
            "history": self.history,
            "customers": self.stages["won"],
            "partner_count": len(self.partners),
            "partner_new": sum(1 for partner in named if partner["new"]),
            "partners": named[:PARTNERS_NAMED],
            "people": len(self.people),
            "first_on": self._day(self.first_at),
            "last_on": self._day(self.last_at),
            "problems": [
                {"severity": severity, "code": code, "column": column, "count": count}
                for (severity, code, column), count in sorted(
                    self.problems.items(), key=lambda item: (item[0][0], -item[1])
                )
            ],
        }

    def _day(self, at: datetime | None) -> str | None:
        return at.astimezone(self.zone).date().isoformat() if at else None


def imported_tally(source: Import, zone: ZoneInfo) -> Tally:
    """Return the figures of the rows that an import has made, read from the rows themselves."""
    tally = Tally(source.program.currency, zone)
    with connection.cursor() as cursor:
        cursor.execute(_REFERRALS, {"import": source.id})
        for (
            name,
            new,
            kind,
            person,
            count,
            deal,
            first_at,
            last_at,
            sales,
            past,
        ) in cursor.fetchall():
            tally.add(
                name,
                kind,
                person,
                new=bool(new),
                count=count,
                deal_minor=int(deal),
                sales=sales,
                history=past,
                first_at=first_at,
                last_at=last_at,
            )
    return tally


def commit_report(source: Import, zone: ZoneInfo) -> dict[str, Any]:
    """Return the report of a commit: what the check said about the file, with the figures of what is there now."""
    checked = source.check_report
    done = imported_tally(source, zone).report()
    return {
        **done,
        **{name: checked.get(name, 0) for name in ("rows", "errors", "skipped", "warned")},
        "problems": checked.get("problems", []),
    }


def money_words(report: dict[str, Any]) -> str:
    """Return a report's revenue for machines and logs: "USD 10005534.00"."""
    return f"{report['currency']} {money_plain(report['deal_minor'], report['currency'])}"


def import_subject(import_id: UUID) -> str:
    """Return the name of an import in the history."""
    return f"import:{import_id}"
