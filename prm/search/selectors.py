"""One search over everything a person may see: referrals, customers, partners, people, statements."""

from collections.abc import Iterator
from dataclasses import dataclass, field
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
from prm.web.formats import day_text
from referrals.pipeline.models import Referral
from referrals.pipeline.rules import canonical_domain, normalised_company
from referrals.revenue.models import Customer

SHOWN = 10
SHORTEST = 2
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


def found(member: Member, words: str) -> list[Group]:
    """Return what the member may see and the words name, by kind, without empty kinds; nothing for one letter.

    Names and numbers are found by their beginnings, in ranges: behind row-level security only leak-proof
    operators use an index, and LIKE is none. Domains and the vendor's own ids must be whole.
    """
    words = words.strip()
    if len(words) < SHORTEST:
        return []
    kinds = (_referrals, _customers, _partners, _people, _statements)
    return [group for kind in kinds for group in kind(member, words)]


def _between(column: str, start: str) -> Q:
    return Q(**{f"{column}__gte": start, f"{column}__lt": start + _LAST})


def _named_referrals(member: Member, words: str) -> list[Referral]:
    """Return one more than is shown, those whose number fits first."""
    if not member.may(
        Capability.SEE_REFERRALS if member.is_staff else Capability.SEE_OWN_REFERRALS
    ):
        return []
    visible = Referral.objects.visible_to(member).select_related("partner", "stage")
    rows = list(visible.filter(_between("number", words.upper())).order_by("number")[: SHOWN + 1])
    # Apart, for each has an index that gives its order too; an "or" of both has none.
    if company := normalised_company(words):
        named = visible.filter(_between("company_norm", company)).order_by("company_norm", "id")
        rows += list(named[: SHOWN + 1])
    if domain := _domain(words):
        rows += list(visible.filter(domain=domain).order_by("-registered_at", "-id")[: SHOWN + 1])
    return list({row.id: row for row in rows}.values())


def _referrals(member: Member, words: str) -> Iterator[Group]:
    rows = _named_referrals(member, words)
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
            for row in rows[:SHOWN]
        ],
        _listed(listed, words) if len(rows) > SHOWN else "",
    )


def _customers(member: Member, words: str) -> Iterator[Group]:
    """Find the vendor's customers; for partner people they are their own won referrals, found above."""
    if not member.may(Capability.RECORD_REVENUE):
        return
    wanted = Q(external_id=words)
    if domain := _domain(words):
        wanted |= Q(domain=domain)
    won = [row.id for row in _named_referrals(member, words)]
    wanted |= Q(referral_id__in=won)
    rows = list(
        Customer.objects.filter(wanted)
        .select_related("partner")
        .order_by("name", "id")[: SHOWN + 1]
    )
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
                for row in rows[:SHOWN]
            ],
            _listed("referrals:revenue-list", words) if len(rows) > SHOWN else "",
        )


def _partners(member: Member, words: str) -> Iterator[Group]:
    if not member.may(Capability.SEE_PARTNERS):
        return
    wanted = _between("name_norm", folded_name(words))
    if domain := _domain(words):
        wanted |= Q(domain=domain)
    rows = list(
        Partner.objects.filter(wanted)
        .order_by("name", "id")
        .only("id", "name", "state", "domain")[: SHOWN + 1]
    )
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
                for row in rows[:SHOWN]
            ],
            _listed("partners:partner-list", words) if len(rows) > SHOWN else "",
        )


def _people(member: Member, words: str) -> Iterator[Group]:
    rows = list(_visible_people(member, words)[: SHOWN + 1])
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
                for row in rows[:SHOWN]
            ],
        )


def _visible_people(member: Member, words: str) -> QuerySet[Membership]:
    people = Membership.objects.filter(
        Q(user__name__icontains=words) | Q(user__email__istartswith=words),
        tenant_id=member.tenant_id,
        ended_at__isnull=True,
    )
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
    return people.select_related("user").order_by("user__name", "user__email", "id")


def _page_of(row: Membership, member: Member) -> str:
    if not member.is_staff:
        return reverse("team-list")
    if row.partner_id:
        return reverse("partners:partner-detail", kwargs={"partner_id": row.partner_id})
    return reverse("staff-list")


def _roles(row: Membership) -> str:
    return ", ".join(str(Role(role).label) for role in row.roles)


def _statements(member: Member, words: str) -> Iterator[Group]:
    if not member.may(Capability.SEE_MONEY if member.is_staff else Capability.SEE_EARNINGS):
        return
    rows = list(
        Statement.objects.visible_to(member)
        .filter(_between("number", words.upper()))
        .select_related("partner")
        .order_by("number")[: SHOWN + 1]
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
                for row in rows[:SHOWN]
            ],
            _listed(listed, words) if len(rows) > SHOWN else "",
        )


def _listed(name: str, words: str) -> str:
    return f"{reverse(name)}?{urlencode({'q': words})}"


def _domain(words: str) -> str:
    return canonical_domain(words) if "." in words and " " not in words else ""


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)
