"""What the pages of claims show: one referral's protection, pairs side by side, requests for more time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from prm.web.choices import country_name
from prm.web.formats import day_text, moment_text
from referrals.claims import rules
from referrals.claims.models import (
    Claim,
    ClaimExtension,
    CrmAccount,
    ExtensionState,
    OtherKind,
    SameCompany,
    Verdict,
)
from referrals.claims.selectors import WHY_WORDS, claim_of, rules_of
from referrals.pipeline.models import Referral


@dataclass(frozen=True)
class ClaimPage:
    """A referral's claim as its page shows it. release_at: when silence ends it, None when the program asks for none.

    may_ask: whether a request for more time can still be made. extensions: newest first.
    """

    claim: Claim
    is_live: bool
    release_at: datetime | None
    extensions: list[ClaimExtension]
    waiting: ClaimExtension | None
    may_ask: bool


def claim_page(referral: Referral, *, at: datetime) -> ClaimPage | None:
    """Return the referral's newest claim with its requests for more time, None when it never had one."""
    claim = claim_of(referral.id)
    if claim is None:
        return None
    settings = rules_of(claim.program_id)
    extensions = list(
        ClaimExtension.objects.filter(claim_id=claim.id)
        .select_related("asked_by", "decided_by")
        .order_by("-asked_at", "-id")
    )
    waiting = next((row for row in extensions if row.state == ExtensionState.ASKED), None)
    granted = sum(row.state == ExtensionState.GRANTED for row in extensions)
    is_live = claim.ended_at is None and claim.protected_until > at
    release_at = None
    if settings.heartbeat_days:
        release_at = rules.idle_release(
            settings, claim.active_at, warned_at=claim.idle_warned_at or claim.active_at
        )
    return ClaimPage(
        claim=claim,
        is_live=is_live,
        release_at=release_at,
        extensions=extensions,
        waiting=waiting,
        may_ask=is_live and waiting is None and granted < settings.most_extensions,
    )


def pairs_of(referral_id: UUID) -> dict[UUID, UUID]:
    """Return the undecided pairs of a referral, as the id of the other record and that of the pair."""
    rows = SameCompany.objects.filter(verdict=Verdict.OPEN).filter(
        Q(referral_id=referral_id) | Q(other_id=referral_id)
    )
    return {
        (row.other_id if row.referral_id == referral_id else row.referral_id): row.id
        for row in rows
    }


@dataclass(frozen=True)
class Pair:
    """Two records side by side. kept, ended: which of them a decision kept; None before one."""

    pair: SameCompany
    referral: Referral
    other: Referral | None
    account: CrmAccount | None
    claims: dict[UUID, Claim]

    @property
    def tone(self) -> str:
        """The badge's tone: two of a mailbox, domain or tax number warn, a name alone does not."""
        return "warn" if self.pair.strength >= rules.Strength.STRONG else "off"

    @property
    def why_words(self) -> str:
        """Why they are taken for one company, in the reader's language."""
        return str(WHY_WORDS[self.pair.why])

    @property
    def is_gone(self) -> bool:
        """Whether the account has left the CRM since."""
        return self.other is None and self.account is None


def open_pairs() -> QuerySet[SameCompany]:
    """Return the pairs that wait for a decision."""
    return SameCompany.objects.filter(verdict=Verdict.OPEN)


def decided_pairs() -> QuerySet[SameCompany]:
    """Return the pairs that a person has decided."""
    return SameCompany.objects.filter(verdict__in=[Verdict.SAME, Verdict.DIFFERENT])


def side_by_side(pairs: Sequence[SameCompany]) -> list[Pair]:
    """Return the pairs with both records and the claims that protect them, in the same order; four queries."""
    ids = {row.referral_id for row in pairs}
    ids |= {row.other_id for row in pairs if row.other_kind == OtherKind.REFERRAL}
    referrals = {
        row.id: row
        for row in Referral.objects.filter(id__in=ids).select_related(
            "partner", "stage", "program", "submitted_by"
        )
    }
    account_ids = [row.other_id for row in pairs if row.other_kind == OtherKind.ACCOUNT]
    accounts = {row.id: row for row in CrmAccount.objects.filter(id__in=account_ids)}
    claims = {row.referral_id: row for row in Claim.objects.open().filter(referral_id__in=ids)}
    return [
        Pair(
            row,
            referrals[row.referral_id],
            referrals.get(row.other_id),
            accounts.get(row.other_id),
            claims,
        )
        for row in pairs
    ]


def asked_extensions() -> QuerySet[ClaimExtension]:
    """Return the requests for more time that wait for an answer, with claim, referral, partner and who asks."""
    return ClaimExtension.objects.filter(state=ExtensionState.ASKED).select_related(
        "claim", "claim__referral", "claim__partner", "asked_by"
    )


@dataclass(frozen=True)
class Compared:
    """One line of the comparison: what it is, both sides, and whether they say the same."""

    label: str
    left: Any
    right: Any
    is_same: bool = False


def comparison_of(pair: Pair) -> list[Compared]:
    """Return the two sides line by line, the referral on the left; only lines that one of them has."""
    left = pair.referral
    other, account = pair.other, pair.account
    if other is not None:
        right: Any = other
        name, tax_id = other.company, other.tax_id
    elif account is not None:
        right, name, tax_id = account, account.name, account.tax_id
    else:
        return []
    same_name = left.company_norm == (other.company_norm if other else account.name_norm)  # type: ignore[union-attr]
    lines = [
        Compared(_("Company"), left.company, name, same_name),
        Compared(
            _("Website"),
            left.website or left.domain,
            right.website or right.domain,
            bool(left.domain) and left.domain == right.domain,
        ),
        Compared(
            _("Tax number"),
            left.tax_id,
            tax_id,
            bool(left.tax_id_norm) and left.tax_id_norm == right.tax_id_norm,
        ),
        Compared(
            _("Country"),
            country_name(left.country),
            country_name(right.country),
            bool(left.country) and left.country == right.country,
        ),
    ]
    if other is not None:
        lines += _referral_lines(left, other, pair.claims)
    elif account is not None:
        lines += [
            Compared(_("Contact"), left.contact_name, account.owner_name),
            Compared(_("Came from"), left.partner.name, _("your CRM")),
            Compared(
                _("Standing"),
                left.stage.label,
                _("Customer") if account.is_customer else _("Known, no customer"),
            ),
        ]
    return [line for line in lines if line.left or line.right]


def _referral_lines(left: Referral, right: Referral, claims: dict[UUID, Claim]) -> list[Compared]:
    def sent(row: Referral) -> str:
        return moment_text(row.registered_at, "medium")

    def protected(row: Referral) -> str:
        claim = claims.get(row.id)
        return day_text(claim.protected_until) if claim else ""

    return [
        Compared(_("Contact"), left.contact_name, right.contact_name),
        Compared(
            _("Email"),
            left.contact_email,
            right.contact_email,
            bool(left.email_norm) and left.email_norm == right.email_norm,
        ),
        Compared(
            _("Partner"), left.partner.name, right.partner.name, left.partner_id == right.partner_id
        ),
        Compared(_("Sent"), sent(left), sent(right)),
        Compared(_("Stage"), left.stage.label, right.stage.label),
        Compared(_("Protected until"), protected(left), protected(right)),
    ]
