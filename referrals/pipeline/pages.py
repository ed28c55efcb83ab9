"""One referral as a page shows it: way, next step, timeline, facts; internal notes for staff only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext, pgettext
from django_countries import countries

from prm.accounts.members import Member
from prm.web.formats import day_text, moment_text, money_text, number_text
from prm.web.marks import day_mark
from prm.web.parts import Entry, Stage
from referrals.pipeline.masking import contact_of
from referrals.pipeline.models import (
    CLOSED_KINDS,
    Referral,
    ReferralNote,
    Relationship,
    Role,
    Source,
    StageChange,
    StageKind,
)
from referrals.pipeline.panels import timeline_entries
from referrals.pipeline.selectors import (
    PathStep,
    changes_of,
    notes_of,
    path_of,
    staff_among,
)
from referrals.pipeline.tables import running_until, sender_name, stage_tone

ICONS = {
    "submitted": "send",
    "accepted": "shield",
    "qualified": "check",
    "opportunity": "calendar",
    "won": "trophy",
    "lost": "x",
    "rejected": "x",
    "expired": "clock",
}
TONES = {"submitted": "off", "won": "ok", "lost": "off", "rejected": "off", "expired": "off"}


@dataclass(frozen=True)
class NextStep:
    """The callout above everything: what happens next, or how it ended. tone as of a callout."""

    title: str
    text: str
    tone: str
    icon: str


@dataclass(frozen=True)
class ReferralPage:
    """What the page of one referral shows besides its own columns."""

    tone: str
    sent_line: str
    stages: list[Stage]
    next_step: NextStep
    entries: list[Entry]
    contact: list[tuple[str, Any]]
    details: list[tuple[str, Any]]
    people: list[tuple[str, str, int]]


def referral_page(referral: Referral, *, member: Member, vendor: str) -> ReferralPage:
    """Return the page of a referral for one reader; internal notes only for staff.

    referral: loaded with program, partner and its manager, stage, owner and submitted_by.
    """
    changes = changes_of(referral.id)
    notes = notes_of(referral.id, internal=member.is_staff)
    return ReferralPage(
        tone=stage_tone(referral.stage_kind),
        sent_line=_sent_line(referral),
        stages=[_stage(step) for step in path_of(referral, changes)],
        next_step=next_step_of(
            referral, member=member, vendor=vendor, reason=changes[-1].reason if changes else ""
        ),
        entries=_entries(referral, changes, notes, member=member, vendor=vendor),
        contact=_contact(referral, member),
        details=_details(referral, member),
        people=_people(referral),
    )


def _sent_line(referral: Referral) -> str:
    who, day = sender_name(referral), day_text(referral.registered_at)
    if who:
        return gettext("Sent by %(who)s on %(day)s") % {"who": who, "day": day}
    return gettext("Entered on %(day)s") % {"day": day}


def _stage(step: PathStep) -> Stage:
    return Stage(
        step.label, step.state, day_text(step.reached_at, "short") if step.reached_at else ""
    )


def next_step_of(referral: Referral, *, member: Member, vendor: str, reason: str) -> NextStep:
    """Return what happens next in words, or how the referral ended; reason: of its last stage change."""
    names = {"vendor": vendor, "company": referral.company}
    if referral.stage_kind == StageKind.WON:
        return NextStep(gettext("%(company)s is a customer now") % names, reason, "ok", "trophy")
    if referral.stage_kind in CLOSED_KINDS:
        title = {
            StageKind.LOST: gettext("%(company)s did not sign"),
            StageKind.REJECTED: gettext("%(vendor)s declined this referral"),
            StageKind.EXPIRED: gettext("This referral was taken back")
            if referral.recalled_at
            else gettext("This referral has expired"),
        }[StageKind(referral.stage_kind)]
        return NextStep(title % names, reason, "", "info")
    if referral.next_step:
        words = {"step": referral.next_step}
        if referral.next_step_on:
            words["day"] = day_text(referral.next_step_on)
            return NextStep(gettext("Next: %(step)s, by %(day)s") % words, "", "accent", "flag")
        return NextStep(gettext("Next: %(step)s") % words, "", "accent", "flag")
    if referral.stage_kind == StageKind.SUBMITTED:
        return _waiting_step(referral, names, member)
    title = gettext("Next: %(vendor)s speaks with %(person)s") % {
        **names,
        "person": contact_of(referral, staff=member.is_staff).name or referral.company,
    }
    text = "" if member.is_staff else gettext("You get an email at every step.")
    return NextStep(title, text, "accent", "flag")


def _waiting_step(referral: Referral, names: dict[str, str], member: Member) -> NextStep:
    """Return by when an answer comes, or that none is owed: to history, or until the partner has answered."""
    due_at = referral.answer_due_at
    if referral.queued_at is None:
        text = (
            gettext("It is not in the queue, and no answer is owed.")
            if member.is_staff
            else gettext(
                "Nobody is asked to answer it. A note below reaches the people who decide."
            )
        )
        return NextStep(gettext("This referral came in as history"), text, "", "info")
    if due_at is None:
        text = gettext("The clock goes on when the answer is there.")
        return NextStep(gettext("%(vendor)s has asked a question") % names, text, "warn", "chat")
    due = {**names, "day": moment_text(due_at, "weekday")}
    if due_at >= timezone.now():
        return NextStep(gettext("Next: %(vendor)s answers by %(day)s") % due, "", "accent", "flag")
    text = (
        ""
        if member.is_staff
        else gettext("The answer is late. A note below reaches the people who decide.")
    )
    return NextStep(
        gettext("%(vendor)s promised an answer by %(day)s") % due, text, "warn", "clock"
    )


def _entries(
    referral: Referral,
    changes: Sequence[StageChange],
    notes: Sequence[ReferralNote],
    *,
    member: Member,
    vendor: str,
) -> list[Entry]:
    """Return stage changes and notes in one list, newest first."""
    staff = staff_among(
        [*(change.actor_id for change in changes), *(note.author_id for note in notes)]
    )

    def who(person: Any, identity: int | None) -> str:
        if identity is None:
            return pgettext("who did it", "Automatic")
        return (
            gettext("%(name)s, %(vendor)s") % {"name": person, "vendor": vendor}
            if identity in staff
            else str(person)
        )

    found: list[tuple[datetime, int, int, Entry]] = []
    for change in changes:
        entry = Entry(
            text=_change_words(referral, change, staff=member.is_staff),
            at=change.at,
            who=sender_name(referral)
            if change.actor_id is None and not change.from_kind
            else who(change.actor, change.actor_id),
            icon=ICONS.get(change.to_kind, "flag"),
            tone=TONES.get(change.to_kind, "accent"),
            note=change.reason,
        )
        found.append((change.at, 0, change.id, entry))
    for note in notes:
        entry = Entry(
            text=_note_words(note, member),
            at=note.at,
            who=who(note.author, note.author_id),
            icon="lock" if note.internal else "chat",
            tone="warn" if note.internal else "off",
            note=note.text,
        )
        found.append((note.at, 1, note.id, entry))
    for place, entry in enumerate(timeline_entries(referral, member)):
        found.append((entry.at, 2, place, entry))
    found.sort(key=lambda row: row[:3], reverse=True)
    return [row[3] for row in found]


def _change_words(referral: Referral, change: StageChange, *, staff: bool) -> SafeString | str:
    if not change.from_kind:
        return gettext("Referral submitted")
    if change.to_kind == StageKind.ACCEPTED and referral.protected_until:
        words = (
            gettext("{stage}. Credit is the partner's until {day}")
            if staff
            else gettext("{stage}. Credit is yours until {day}")
        )
        return format_html(
            words, stage=_strong(change.to_stage.label), day=day_text(referral.protected_until)
        )
    if change.to_kind == StageKind.WON and change.deal_minor:
        amount = money_text(change.deal_minor, referral.currency)
        return format_html(
            gettext("{stage} with a deal of {amount}"),
            stage=_strong(change.to_stage.label),
            amount=amount,
        )
    return format_html(gettext("Moved to {stage}"), stage=_strong(change.to_stage.label))


def _strong(text: str) -> SafeString:
    return format_html("<strong>{}</strong>", text)


def _note_words(note: ReferralNote, member: Member) -> str:
    if note.internal:
        return gettext("Internal note, the partner does not see it")
    return (
        gettext("You added a note") if note.author_id == member.user_id else gettext("Note added")
    )


def _contact(referral: Referral, member: Member) -> list[tuple[str, Any]]:
    seen = contact_of(referral, staff=member.is_staff)
    mail: Any = seen.email
    if mail and not seen.is_covered:
        mail = format_html('<a href="mailto:{0}">{0}</a>', seen.email)
    facts = [
        (gettext("Name"), seen.name),
        (gettext("Role"), seen.title),
        (gettext("Email"), mail),
        (gettext("Phone"), seen.phone),
        (gettext("Website"), referral.website),
    ]
    return [(term, value) for term, value in facts if value]


def _details(referral: Referral, member: Member) -> list[tuple[str, Any]]:
    seen = contact_of(referral, staff=member.is_staff)
    facts = [
        (gettext("Number"), referral.number),
        (gettext("Program"), referral.program.name),
        (gettext("Came in by"), str(Source(referral.source).label)),
        (gettext("Partner's role"), str(Role(referral.role).label)),
        (
            gettext("Relationship"),
            str(Relationship(referral.relationship).label) if referral.relationship else "",
        ),
        (gettext("Country"), countries.name(referral.country) if referral.country else ""),
        (gettext("VAT or tax number"), referral.tax_id),
        (gettext("Product"), referral.product),
        (
            gettext("Expected value"),
            money_text(referral.estimate_minor, referral.currency)
            if referral.estimate_minor
            else "",
        ),
        (gettext("In this stage for"), _days_in_stage(referral)),
        *([] if seen.is_covered else custom_answers(referral)),
        (gettext("Permission"), gettext("Given") if referral.consent else gettext("Not confirmed")),
        (
            gettext("Deal value"),
            money_text(referral.deal_minor, referral.currency) if referral.deal_minor else "",
        ),
        (
            gettext("Protected until"),
            day_mark(until, "medium") if (until := running_until(referral)) else "",
        ),
        (gettext("Context"), seen.context),
    ]
    return [(term, value) for term, value in facts if value]


def _days_in_stage(referral: Referral) -> str:
    """Return how many days an open referral has stood where it stands; empty for a closed one."""
    if referral.stage_kind in CLOSED_KINDS:
        return ""
    days = (timezone.localdate() - timezone.localdate(referral.stage_entered_at)).days
    return ngettext("%(days)s day", "%(days)s days", days) % {"days": number_text(days)}


def custom_answers(referral: Referral) -> list[tuple[str, str]]:
    """Return the answers to the program's own questions in words, in the questions' order."""
    found = []
    for question in referral.program.custom_fields:
        value = referral.custom.get(question["key"])
        if value in (None, ""):
            continue
        if isinstance(value, bool):
            value = gettext("Yes") if value else gettext("No")
        elif question["type"] == "number":
            value = _number(value)
        found.append((question["label"], str(value)))
    return found


def _number(value: Any) -> str:
    try:
        return number_text(float(value))
    except ValueError:
        return str(value)


def _people(referral: Referral) -> list[tuple[str, str, int]]:
    """Return the vendor's people of this referral: name, what they are, id."""
    manager = referral.partner.manager
    people = []
    if referral.owner:
        people.append(
            (str(referral.owner), gettext("Looks after this referral"), referral.owner.id)
        )
    if manager and manager != referral.owner:
        people.append((str(manager), gettext("Channel manager"), manager.id))
    return people
