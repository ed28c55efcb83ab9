"""Lists of referrals, for the partner's people and for the vendor's."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.web.formats import day_text, money_text
from prm.web.marks import NOTHING, ago_mark, day_mark
from prm.web.tables import (
    Column,
    DayColumn,
    MoneyColumn,
    Table,
    ident,
    row_url,
    stage_cell,
    two_lines,
)
from referrals.pipeline.listed import Listed
from referrals.pipeline.masking import covered_name
from referrals.pipeline.models import Referral, StageKind
from referrals.pipeline.panels import Reward

STAGE_TONES = {
    StageKind.SUBMITTED: "info",
    StageKind.WON: "ok",
    StageKind.LOST: "",
    StageKind.REJECTED: "",
    StageKind.EXPIRED: "",
}


ENDED_KINDS = frozenset({"lost", "rejected", "expired"})


def stage_tone(kind: str) -> str:
    """Return the tone of a stage's badge: waiting, won, over, or on its way."""
    return STAGE_TONES.get(kind, "accent")  # type: ignore[call-overload, no-any-return]


def person_words(referral: Referral | Listed, *, staff: bool) -> str:
    """Return the contact's name and title in one line, as the reader may see them."""
    title = "" if referral.contact_hidden and not staff else referral.contact_title
    name = covered_name(referral.contact_name, hidden=referral.contact_hidden and not staff)
    return ", ".join(filter(None, [name, title]))


def sender_name(referral: Referral) -> str:
    """Return who sent a referral: a person with a login, or a name from a file."""
    return str(referral.submitted_by) if referral.submitted_by else referral.submitted_by_name


def stage_mark(referral: Any, label: str) -> SafeString:
    """Return the stage over its bar; what ended without a customer has an unlit one."""
    if referral.stage_kind in ENDED_KINDS:
        return stage_cell(label, 0, 0)
    tone = "ok" if referral.stage_kind == "won" else ""
    return stage_cell(label, referral.path_step, referral.path_total, tone)


class PartnerReferralTable(Table):
    """What a partner sees of its referrals."""

    caption = _("Referrals, newest first")
    company = Column(_("Company"), row_header=True)
    stage = Column(_("Stage"), priority=2)
    sender = Column(_("Sent by"), priority=3, css="muted", accessor="sender")
    sent = DayColumn(_("Sent"), priority=3, sort="sent", accessor="registered_at")
    changed = Column(_("Last change"), priority=2, accessor="stage_entered_at")
    protected = Column(_("Protected until"), priority=3, accessor="protected_until")
    deal = MoneyColumn(_("Deal value"), priority=3, accessor="deal_minor")
    reward = Column(_("Your reward"), end=True, accessor="id")

    def __init__(
        self, rows: Sequence[Listed], *, rewards: Mapping[UUID, Reward], **options: Any
    ) -> None:
        super().__init__(rows, **options)
        self.rewards = rewards
        self.url = row_url("referrals:referral-detail", "referral_id")

    def render_company(self, record: Listed) -> SafeString:
        return ident(
            record.company,
            self.url(record.id),
            sub=person_words(record, staff=False),
            hue=record.id,
            narrow=record.stage_label,
        )

    def render_stage(self, record: Listed) -> SafeString:
        return stage_mark(record, record.stage_label)

    def render_changed(self, record: Listed) -> SafeString:
        return two_lines(ago_mark(record.stage_entered_at), next_words(record))

    def render_protected(self, record: Listed) -> SafeString | str:
        """Show the end of a protection that still runs."""
        until = running_until(record)
        return day_mark(until) if until else NOTHING

    def render_reward(self, record: Listed) -> SafeString:
        return reward_mark(self.rewards.get(record.id))


class StaffReferralTable(Table):
    """What the vendor's people see of all referrals."""

    caption = _("Referrals of all partners, newest first")
    company = Column(_("Company"), row_header=True)
    partner = Column(_("Partner"), priority=2, accessor="partner__name")
    stage = Column(_("Stage"), priority=2)
    sent = DayColumn(_("Sent"), priority=3, sort="sent", accessor="registered_at")
    changed = Column(_("Last change"), priority=3, accessor="stage_entered_at")
    owner = Column(_("Owner"), priority=3, css="muted")
    deal = MoneyColumn(_("Deal value"), accessor="deal_minor")

    def render_company(self, record: Referral) -> SafeString:
        return ident(
            record.company,
            reverse("referrals:manage-referral-detail", kwargs={"referral_id": record.id}),
            sub=record.number,
            hue=record.id,
            narrow=gettext("%(partner)s, %(stage)s")
            % {"partner": record.partner.name, "stage": record.stage.label},
        )

    def render_stage(self, record: Referral) -> SafeString:
        return stage_mark(record, record.stage.label)

    def render_changed(self, record: Referral) -> SafeString:
        return two_lines(ago_mark(record.stage_entered_at), next_words(record))


def running_until(referral: Referral | Listed) -> datetime | None:
    """Return the end of a protection that runs now; None once it has ended, or the referral is won or closed."""
    until = referral.protected_until
    return until if until and until > timezone.now() and referral.closed_at is None else None


def next_words(referral: Referral | Listed) -> str:
    """Return what happens next in one line, with its day; empty when nothing is planned or it is over."""
    if not referral.next_step or referral.closed_at:
        return ""
    if referral.next_step_on is None:
        return referral.next_step
    day = day_text(referral.next_step_on, "short")
    return gettext("%(step)s, by %(day)s") % {"step": referral.next_step, "day": day}


def reward_mark(reward: Reward | None) -> SafeString:
    """Return a reward's amount over its note."""
    if reward is None:
        return NOTHING
    amount = money_text(reward.amount_minor, reward.currency)
    return two_lines(SafeString(f'<span class="money strong">{escape(amount)}</span>'), reward.note)
