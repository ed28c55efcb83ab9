"""One search over everything a person may see: referrals, customers, partners, people, statements."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext

from commissions.statements.models import Statement
from partners.directory.models import Partner, PartnerState
from partners.directory.rules import folded_name
from prm.accounts.capabilities import Capability, Role
from prm.accounts.members import Member
from prm.accounts.models import Membership
from prm.web.domains import canonical_domain
from prm.web.formats import day_text
from referrals.pipeline.models import Referral
from referrals.pipeline.rules import normalised_company
from referrals.revenue.models import Customer

SHOWN = 10
# When only one kind is asked for.
SHOWN_ALL = 200
SHORTEST = 2
KINDS = ("referrals", "customers", "partners", "people", "statements")
# Greater than every character: what ends a range of texts with one beginning.
_LAST = "\U0010ffff"


@dataclass(frozen=True)
class Hit:
    """One thing found: its name, what tells it from others, and its page."""

    title: str
    note: str
    url: str


@dataclass(frozen=True)
class Group:
    """Things of one kind, at most SHOWN; `more_url` is the list where the rest is found, when there is a rest."""

    key: str
    label: str
    icon: str
    hits: list[Hit] = field(default_factory=list)
    more_url: str = ""


def found(member: Member, words: str, *, only: str = "") -> list[Group]:
    """Return what the member may see and the words name, by kind, without empty kinds; nothing for one letter.

    only: one of KINDS, of which more is shown then. Names and numbers are found by their beginnings, in ranges:
    behind row-level security only leak-proof operators use an index, and LIKE is none. Domains and the vendor's own
    ids must be whole. Every look-up has one index that gives its order, too; an "or" of two has none.
    """
    words = " ".join(words.split())
    if len(words) < SHORTEST:
        return []
    kinds = dict(zip(KINDS, (_referrals, _customers, _partners, _people, _statements), strict=True))
    if only in kinds:
        return list(kinds[only](member, words, SHOWN_ALL))
    return [group for kind in kinds.values() for group in kind(member, words, SHOWN)]


def _between(column: str, start: str) -> Q:
    return Q(**{f"{column}__gte": start, f"{column}__lt": start + _LAST})


def _first(count: int, *queries: "QuerySet[Any]") -> list[Any]:
    """Return at most one row more than is shown, each once, those of the first query first."""
    rows: dict[Any, Any] = {}
    for query in queries:
        if len(rows) <= count:
            rows |= {row.pk: row for row in query[: count + 1] if row.pk not in rows}
    return list(rows.values())[: count + 1]


def _referrals(member: Member, words: str, count: int) -> Iterator[Group]:
    if not member.may(
        Capability.SEE_REFERRALS if member.is_staff else Capability.SEE_OWN_REFERRALS
    ):
        return
    visible = Referral.objects.visible_to(member).select_related("partner", "stage")
    # A partner's few among all numbers with one beginning would be found by reading them all.
    number = _between("number", words.upper()) if member.is_staff else Q(number=words.upper())
    queries = [visible.filter(number).order_by("number")]
    if company := normalised_company(words):
        named = visible.filter(_between("company_norm", company))
        queries.append(named.order_by("company_norm", "id"))
    if domain := _domain(words):
        queries.append(visible.filter(domain=domain).order_by("-registered_at", "-id"))
    rows = _first(count, *queries)
    if not rows:
        return
    name = "referrals:manage-referral-detail" if member.is_staff else "referrals:referral-detail"
    listed = "referrals:manage-referral-list" if member.is_staff else "referrals:referral-list"
    yield Group(
        "referrals",
        gettext("Referrals"),
        "send",
        [
            Hit(
                row.company,
                _joined(row.number, row.partner.name if member.is_staff else "", row.stage.label),
                reverse(name, kwargs={"referral_id": row.id}),
            )
            for row in rows[:count]
        ],
        _listed(listed, words) if len(rows) > count else "",
    )


def _customers(member: Member, words: str, count: int) -> Iterator[Group]:
    """Find the vendor's customers; for partner people they are their own won referrals, found above."""
    if not member.may(Capability.RECORD_REVENUE):
        return
    customers = Customer.objects.select_related("partner")
    queries = [customers.filter(external_id=words).order_by("id")]
    if domain := _domain(words):
        queries.append(customers.filter(domain=domain).order_by("name", "id"))
    if company := normalised_company(words):
        won = Referral.objects.won().filter(_between("company_norm", company))
        # Asked for first: through the join the planner reads customers, not names.
        ids = won.order_by("company_norm", "id").values_list("id", flat=True)[: count + 1]
        queries.append(customers.filter(referral_id__in=list(ids)).order_by("name", "id"))
    rows = _first(count, *queries)
    if rows:
        yield Group(
            "customers",
            gettext("Customers"),
            "tag",
            [
                Hit(
                    row.name,
                    _joined(row.external_id, row.partner.name),
                    reverse(
                        "referrals:manage-referral-detail", kwargs={"referral_id": row.referral_id}
                    ),
                )
                for row in rows[:count]
            ],
            _listed("referrals:revenue-list", words) if len(rows) > count else "",
        )


def _partners(member: Member, words: str, count: int) -> Iterator[Group]:
    if not member.may(Capability.SEE_PARTNERS):
        return
    partners = Partner.objects.only("id", "name", "state", "domain")
    queries = [partners.filter(_between("name_norm", folded_name(words))).order_by("name_norm")]
    if domain := _domain(words):
        queries.append(partners.filter(domain=domain).order_by("name", "id"))
    rows = _first(count, *queries)
    if rows:
        yield Group(
            "partners",
            gettext("Partners"),
            "layers",
            [
                Hit(
                    row.name,
                    _joined(row.domain, str(PartnerState(row.state).label)),
                    reverse("partners:partner-detail", kwargs={"partner_id": row.id}),
                )
                for row in rows[:count]
            ],
            _listed("partners:partner-list", words) if len(rows) > count else "",
        )


def _people(member: Member, words: str, count: int) -> Iterator[Group]:
    start = words.lower()
    people = _visible_people(member)
    rows = _first(
        count,
        *(
            people.filter(_between(f"user__{column}", start)).order_by(f"user__{column}", "id")
            for column in ("name_norm", "surname_norm", "email")
        ),
    )
    if rows:
        yield Group(
            "people",
            gettext("People"),
            "person",
            [
                Hit(
                    row.user.get_full_name(),
                    _joined(
                        row.user.email if row.user.name else "", row.partner_name or _roles(row)
                    ),
                    _page_of(row, member),
                )
                for row in rows[:count]
            ],
            _listed("search", words, only="people")
            if len(rows) > count and count < SHOWN_ALL
            else "",
        )


def _visible_people(member: Member) -> QuerySet[Membership]:
    people = Membership.objects.filter(tenant_id=member.tenant_id, ended_at__isnull=True)
    if not member.is_staff:
        own = people.filter(partner_id=member.own_partner_id)
        people = own if member.may(Capability.MANAGE_TEAM) else people.none()
    else:
        seen = Q(pk__in=[])
        if member.may(Capability.SEE_PARTNERS):
            seen |= Q(partner_id__isnull=False)
        if member.may(Capability.MANAGE_STAFF):
            seen |= Q(partner_id__isnull=True)
        people = people.filter(seen)
    return people.select_related("user")


def _page_of(row: Membership, member: Member) -> str:
    if not member.is_staff:
        return reverse("team-list")
    if row.partner_id:
        return reverse("partners:partner-detail", kwargs={"partner_id": row.partner_id})
    return reverse("staff-list")


def _roles(row: Membership) -> str:
    return ", ".join(str(Role(role).label) for role in row.roles)


def _statements(member: Member, words: str, count: int) -> Iterator[Group]:
    if not member.may(Capability.SEE_MONEY if member.is_staff else Capability.SEE_EARNINGS):
        return
    rows = list(
        Statement.objects.visible_to(member)
        .filter(_between("number", words.upper()))
        .select_related("partner")
        .order_by("number")[: count + 1]
    )
    if rows:
        listed = (
            "commissions:manage-statement-list" if member.is_staff else "commissions:statement-list"
        )
        yield Group(
            "statements",
            gettext("Statements"),
            "file",
            [
                Hit(
                    row.number,
                    _joined(
                        row.partner.name if member.is_staff else "",
                        gettext("up to %(day)s") % {"day": day_text(row.period_end, "medium")},
                    ),
                    reverse("commissions:statement-detail", kwargs={"statement_id": row.id}),
                )
                for row in rows[:count]
            ],
            _listed(listed, words) if len(rows) > count else "",
        )


def _listed(name: str, words: str, **more: str) -> str:
    return f"{reverse(name)}?{urlencode({'q': words, **more})}"


def _domain(words: str) -> str:
    return canonical_domain(words) if "." in words and " " not in words else ""


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)
