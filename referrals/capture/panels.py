"""Sections of capture on a referral's page and on a program's."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext

from prm.accounts.capabilities import Capability
from prm.accounts.members import Member
from prm.web.parts import Entry
from referrals.capture.asking import open_question
from referrals.capture.drafts import may_recall
from referrals.capture.files import files_of, may_remove
from referrals.capture.forms_files import FileForm
from referrals.capture.forms_questions import AnswerForm
from referrals.capture.models import Question, Telling
from referrals.capture.privacy import privacy_of
from referrals.capture.selectors_privacy import privacy_log
from referrals.pipeline.models import Referral, StageKind
from referrals.pipeline.panels import Panel, adds, adds_to_timeline


@adds("referral.main", order=5)
def question_section(referral: Referral, member: Member) -> Panel | None:
    """Put the open question on top: to be answered by the partner, waited for by the vendor."""
    question = open_question(referral.id)
    if question is None:
        return None
    name = "question-withdraw" if member.is_staff else "question-answer"
    may_act = not member.is_staff or member.may(Capability.DECIDE_REFERRALS)
    url = reverse(f"referrals:{name}", kwargs={"referral_id": referral.id}) if may_act else ""
    context = {
        "question": question,
        "staff": member.is_staff,
        "url": url,
        "form": AnswerForm(auto_id="answer_%s"),
    }
    return Panel("referrals/capture/question_section.html", context)


@adds("referral.aside", order=15)
def ask_section(referral: Referral, member: Member) -> Panel | None:
    """Let the vendor's people ask before they decide."""
    may_ask = member.is_staff and member.may(Capability.DECIDE_REFERRALS)
    # The hint is about deciding: once that is done, notes and messages are the way.
    if not may_ask or referral.stage_kind != StageKind.SUBMITTED or open_question(referral.id):
        return None
    url = reverse("referrals:question-ask", kwargs={"referral_id": referral.id})
    return Panel("referrals/capture/ask_section.html", {"url": url})


@adds_to_timeline
def question_entries(referral: Referral, member: Member) -> list[Entry]:
    """Return the questions and answers of a referral, as both sides see them."""
    asked = Question.objects.filter(referral_id=referral.id)
    found = []
    for row in asked.select_related("asked_by", "answered_by"):
        who = str(row.asked_by)
        found.append(
            Entry(gettext("Question asked"), row.asked_at, who, "chat", "accent", row.text)
        )
        if row.answered_at:
            words = (
                gettext("Answer by the mailed link")
                if row.by_link
                else gettext("Question answered")
            )
            sender = str(row.answered_by) if row.answered_by else ""
            found.append(Entry(words, row.answered_at, sender, "chat", "off", row.answer))
        elif row.withdrawn_at:
            found.append(Entry(gettext("Question withdrawn"), row.withdrawn_at, "", "x", "off"))
    return found


@adds("referral.aside", order=75)
def recall_section(referral: Referral, member: Member) -> Panel | None:
    """Let the partner's people take back what nobody has decided."""
    if member.is_staff or not may_recall(referral):
        return None
    url = reverse("referrals:referral-recall", kwargs={"referral_id": referral.id})
    return Panel("referrals/capture/recall_section.html", {"recall_url": url})


@adds("referral.later", order=50)
def files_section(referral: Referral, member: Member) -> Panel | None:
    """List the files that the reader may see; without any, only those who may add one see the section."""
    may_add = not member.is_staff or member.may(Capability.DECIDE_REFERRALS)
    files = [(file, may_remove(file, member)) for file in files_of(referral.id, member)]
    if not (files or may_add):
        return None
    context = {
        "files": [(file, mine and may_add) for file, mine in files],
        "referral": referral,
        "form": FileForm(staff=member.is_staff, auto_id="file_%s") if may_add else None,
        "add_url": reverse("referrals:file-add", kwargs={"referral_id": referral.id}),
    }
    return Panel("referrals/capture/files_section.html", context)


@adds("referral.aside", order=60)
def privacy_section(referral: Referral, member: Member) -> Panel | None:
    """Say what the person referred was told and asked for; to the partner only why details are covered or gone."""
    erased = referral.contact_name if referral.erased_at else ""
    if not member.is_staff:
        hidden = _covered_words() if referral.contact_hidden else ""
        if not (erased or hidden):
            return None
        return _privacy_panel(log=[], hidden=hidden, erase_url="", pseudonym=erased, quiet=True)
    may_erase = member.may(Capability.DECIDE_REFERRALS) and not referral.erased_at
    erase = reverse("referrals:manage-person-erase", kwargs={"referral_id": referral.id})
    return _privacy_panel(
        log=privacy_log(referral),
        hidden=gettext("The partner does not see the contact details.")
        if referral.contact_hidden
        else "",
        erase_url=erase if may_erase else "",
        pseudonym=erased,
        quiet=False,
    )


def _privacy_panel(**context: Any) -> Panel:
    return Panel("referrals/capture/privacy_section.html", context)


def _covered_words() -> str:
    return gettext(
        "The contact's details are covered: they came from the person or the vendor, not from you."
    )


@adds("program.rules", order=60)
def privacy_of_program(program: Any, member: Member) -> Panel | None:
    """Show how a program treats the person referred, with the way to change it."""
    rules = privacy_of(program.id)
    edit = reverse("referrals:privacy-edit", kwargs={"program_id": program.id})
    return Panel(
        "referrals/capture/privacy_of_program.html",
        {
            "rules": rules,
            "tells": str(Telling(rules.tells).label),
            "edit_url": edit if member.may(Capability.EDIT_PROGRAMS) else "",
        },
    )
