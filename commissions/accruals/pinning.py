"""What is known around an event, kept when a refined plan first prices it: later edits change no reward."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from commissions.accruals.histories import REFUND, History
from commissions.accruals.models import PricedEvent
from commissions.accruals.reps import payees
from commissions.accruals.sources import Source
from commissions.ledger.selectors import tenant_zone
from commissions.plans.activity import keeps_preferred
from commissions.plans.rules import Version
from commissions.plans.stored import Stored
from commissions.tiers.selectors import lowest_tiers, name_on, tiers_on
from referrals.pipeline.models import Referral, StageKind
from referrals.revenue.models import RevenueEvent

LOST = (StageKind.LOST, StageKind.REJECTED, StageKind.EXPIRED)


@dataclass(frozen=True)
class Pinned(Stored):
    """The facts around an event as they were; payee: the user's id as text, empty for nobody.

    in_kind: the person's employer allowed no money.
    """

    product: str = ""
    country: str = ""
    deal_minor: int | None = None
    tier: str = ""
    role: str = ""
    term_months: int | None = None
    metadata: tuple[tuple[str, str], ...] = ()
    standing: str = ""
    payee: str = ""
    in_kind: bool = False


def pinned(
    history: History, sources: Sequence[Source], versions: dict[UUID, Version], *, at: datetime
) -> list[Source]:
    """Return the events with what is known around them, kept from the first time on.

    versions: what prices each referral. Refunds take what their payment had. Whether a referral is lost is read anew.
    """
    kept = _kept(sources)
    fresh = [source for source in sources if (source.kind, source.id) not in kept]
    if fresh:
        kept |= _keep(history, fresh, versions, at)
    return _dressed(sources, kept)


def never_priced(sources: Sequence[Source]) -> list[Source]:
    """Return the events that no computation has seen yet."""
    kept = _kept(sources)
    return [source for source in sources if (source.kind, source.id) not in kept]


def known_around(
    history: History, sources: Sequence[Source], versions: dict[UUID, Version]
) -> list[Source]:
    """Return the events as `pinned` does, and keep nothing: for looking at other terms.

    versions: what would price each referral. Whether a referral has preferred terms is theirs to say, so it is looked
    at anew; so are own fields that no plan asked for when the event was priced.
    """
    kept = _kept(sources)
    known = [source for source in sources if source.kind != REFUND]
    around = _Around(history, known, versions)
    for source in known:
        key = (source.kind, source.id)
        now = around.of(source)
        was = kept.get(key, now)
        named = sorted({**dict(now.metadata), **dict(was.metadata)}.items())
        kept[key] = replace(was, standing=now.standing, metadata=tuple(named))
    return _dressed(sources, kept)


def _kept(sources: Sequence[Source]) -> dict[tuple[str, UUID], Pinned]:
    ids = {source.id for source in sources}
    # A refund takes what its payment had, which may lie before the events asked for.
    ids |= {row.revenue_event_id for row in sources if row.kind == REFUND and row.revenue_event_id}
    rows = PricedEvent.objects.filter(source_id__in=ids)
    return {
        (row["source_kind"], row["source_id"]): Pinned.from_json(row["facts"])
        for row in rows.values("source_kind", "source_id", "facts")
    }


def _dressed(sources: Sequence[Source], kept: dict[tuple[str, UUID], Pinned]) -> list[Source]:
    lost = set(
        Referral.objects.filter(
            id__in={source.referral_id for source in sources}, stage_kind__in=LOST
        ).values_list("id", flat=True)
    )
    found = []
    for source in sources:
        key = (source.kind, source.id)
        if source.kind == REFUND and source.revenue_event_id:
            key = ("revenue", source.revenue_event_id)
        facts = replace(
            source.facts, **kept.get(key, _NOTHING).__dict__, lost=source.referral_id in lost
        )
        found.append(replace(source, facts=facts))
    return found


def _keep(
    history: History, fresh: Sequence[Source], versions: dict[UUID, Version], at: datetime
) -> dict[tuple[str, UUID], Pinned]:
    around = _Around(history, [row for row in fresh if row.kind != REFUND], versions)
    found = {
        (row.kind, row.id): _NOTHING if row.kind == REFUND else around.of(row) for row in fresh
    }
    PricedEvent.objects.bulk_create(
        (
            PricedEvent(
                source_kind=kind,
                source_id=id_,
                partner_id=history.partner_id,
                facts=facts.as_json(),
                at=at,
            )
            for (kind, id_), facts in found.items()
        ),
        batch_size=2_000,
    )
    return found


class _Around:
    """What the rows around some events say now, read at once."""

    def __init__(
        self, history: History, sources: Iterable[Source], versions: dict[UUID, Version]
    ) -> None:
        sources = list(sources)
        self.versions = versions
        self.asked = {
            condition.key.strip().casefold()
            for version in versions.values()
            for rule in version.rules
            for group in rule.terms.groups
            for condition in group.conditions
            if condition.key
        }
        self.referrals = {
            row["id"]: row
            for row in Referral.objects.filter(
                id__in={source.referral_id for source in sources}
            ).values("id", "product", "country", "deal_minor", "role", "custom", "submitted_by_id")
        }
        self.payments = {
            row["id"]: row
            for row in RevenueEvent.objects.filter(
                id__in={source.revenue_event_id for source in sources if source.revenue_event_id}
            ).values("id", "product", "term_months", "metadata")
        }
        self.payees = payees(history.partner_id, sources, self.referrals)
        self.standings = self._standings(history)
        pair = (history.partner_id, history.program_id)
        days = sorted({source.facts.earned_on for source in sources})
        self.tiers = tiers_on([pair], days).get(pair, [])
        self.lowest_tier = lowest_tiers([history.program_id]).get(history.program_id, "")

    def of(self, source: Source) -> Pinned:
        referral = self.referrals[source.referral_id]
        payee, in_kind = self.payees.get((source.kind, source.id), ("", False))
        paid = self.payments.get(source.revenue_event_id) if source.revenue_event_id else None
        named = {**referral["custom"], **(paid["metadata"] if paid else {})}
        # What no plan asks for is not copied: it may be personal.
        asked = {key: value for key, value in named.items() if str(key).casefold() in self.asked}
        return Pinned(
            product=(paid["product"] if paid else "") or referral["product"],
            country=referral["country"],
            deal_minor=referral["deal_minor"],
            tier=name_on(self.tiers, source.facts.earned_on) or self.lowest_tier,
            role=referral["role"],
            term_months=paid["term_months"] if paid else None,
            metadata=tuple(
                (str(key), str(value))
                for key, value in sorted(asked.items())
                if isinstance(value, str | int | bool) and value != ""
            ),
            standing=self.standings.get(source.referral_id, ""),
            payee=payee,
            in_kind=in_kind,
        )

    def _standings(self, history: History) -> dict[UUID, str]:
        """Return preferred or standard by referral, where its version knows the difference."""
        asking = {
            id_: version.policy.preferred
            for id_, version in self.versions.items()
            if version.policy.preferred and id_ in self.referrals
        }
        if not asking:
            return {}
        zone = tenant_zone()
        sent = list(
            Referral.objects.filter(partner_id=history.partner_id, program_id=history.program_id)
            .order_by("registered_at", "id")
            .values_list("id", "registered_at")
        )
        days = [moment.astimezone(zone).date() for _, moment in sent]
        return {
            id_: "preferred"
            if keeps_preferred(days[: place + 1], days[place], asking[id_])
            else "standard"
            for place, (id_, _) in enumerate(sent)
            if id_ in asking
        }


_NOTHING = Pinned()
