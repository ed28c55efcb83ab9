"""A program's tiers and benefits in its copies and files."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from commissions.tiers.models import Benefit, Tier
from commissions.tiers.rules import Numbers, Settings
from commissions.tiers.selectors import settings_of, step
from commissions.tiers.services import (
    MOST_TIERS,
    TierTerms,
    add_tier,
    keep_benefit,
    set_tier_rules,
)
from partners.programs.templates import BadPart, Reading, Writing, part, rows, table, whole, words

MOST_MINOR = 10**14
MOST_BENEFITS = 100


@part("tiers", order=30, title=gettext_lazy("Tiers and benefits"))
class TiersPart:
    """Tiers, how they are counted, and benefits without a past end; None without tiers. Partners begin anew."""

    @staticmethod
    def read(reading: Reading) -> Any:
        """Return the program's tiers, the lowest first."""
        program_id = reading.program.id
        tiers = list(Tier.objects.filter(program_id=program_id).order_by("position"))
        if not tiers:
            return None
        names = {tier.id: tier.name for tier in tiers}
        return {
            "settings": asdict(settings_of(program_id)),
            "tiers": [
                {
                    "name": tier.name,
                    "entry": step(tier).entry.as_json(),
                    "keep": step(tier).keep.as_json(),
                }
                for tier in tiers
            ],
            "benefits": [
                {
                    "tier": names[row.tier_id],
                    "title": row.title,
                    "description": row.description,
                    "starts_on": row.starts_on.isoformat(),
                    "ends_on": row.ends_on.isoformat() if row.ends_on else "",
                }
                for row in Benefit.objects.filter(program_id=program_id).order_by("starts_on", "id")
            ],
        }

    @staticmethod
    def write(data: Any, writing: Writing) -> str:
        """Give the fresh program these tiers; nobody is moved before somebody recalculates."""
        given = table(data)
        told: dict[str, Any] = {
            "program_id": writing.program.id,
            "actor": writing.actor,
            "at": writing.at,
        }
        set_tier_rules(settings=_settings(table(given.get("settings") or {})), **told)
        made: dict[str, Tier] = {}
        for row in rows(given.get("tiers") or [], MOST_TIERS):
            name = words(row.get("name"), 40)
            if not name.strip() or name in made:
                raise BadPart(_("Each tier needs a name of its own"))
            terms = TierTerms(_numbers(row.get("entry")), _numbers(row.get("keep")))
            made[name] = add_tier(name=name, terms=terms if made else TierTerms(), **told)
        for row in rows(given.get("benefits") or [], MOST_BENEFITS):
            tier = made.get(words(row.get("tier"), 40))
            if tier is None:
                raise BadPart(_("A benefit names a tier that is not there"))
            keep_benefit(
                tier_id=tier.id,
                title=words(row.get("title"), 120),
                description=words(row.get("description") or "", 500),
                starts_on=_day(row.get("starts_on")),
                ends_on=_day(row["ends_on"]) if row.get("ends_on") else None,
                actor=writing.actor,
                at=writing.at,
            )
        return ngettext("%(n)s tier", "%(n)s tiers", len(made)) % {"n": len(made)}


def _settings(given: Mapping[str, Any]) -> Settings:
    match = words(given.get("match", "all"), 3)
    if match not in {"all", "any"}:
        raise BadPart(_("A tier asks for all or any of what it names"))
    return Settings(
        months=whole(given.get("months", 12), 1, 60),
        match=match,
        grace_days=whole(given.get("grace_days", 90), 0, 730),
        notice_days=whole(given.get("notice_days", 30), 0, 365),
        is_automatic=False,
    )


def _numbers(given: Any) -> Numbers:
    row = table(given or {})
    return Numbers(
        whole(row.get("wins", 0), 0, 100_000),
        whole(row.get("minor", 0), 0, MOST_MINOR),
        whole(row.get("courses", 0), 0, 1_000),
    )


def _day(given: Any) -> date:
    try:
        return date.fromisoformat(words(given, 10))
    except ValueError as error:
        raise BadPart(_("A benefit has a day that cannot be read")) from error
