"""The demo's talk around referrals: a draft, questions with and without an answer, files, and a person erased."""

from datetime import datetime, timedelta
from io import BytesIO

from prm.accounts.members import member_of
from prm.accounts.models import Membership, User
from prm.demo.stage import Stage
from prm.events.services import Actor
from referrals.capture.asking import answer_question, ask_question
from referrals.capture.drafts import save_draft
from referrals.capture.files import add_file
from referrals.capture.models import Question
from referrals.capture.privacy import erase_person
from referrals.pipeline.models import OPEN_KINDS, Referral, StageKind

BEGUN = {
    "company": "Quayside Hotels",
    "contact_name": "Nora Byrne",
    "contact_email": "nora@quayside-hotels",
    "relationship": "client",
    "context": "Opens a third house in spring. Ask her again after the holidays.",
}
_PDF = b"%PDF-1.7\n1 0 obj << >> endobj\ntrailer << >>\n%%EOF\n"


def seed_asking(stage: Stage, *, now: datetime) -> None:
    """Ask, answer, keep and erase through the services, in the open scope of the tenant; a repeat does nothing."""
    if Question.objects.exists():
        return
    sent = Referral.objects.filter(submitted_by__isnull=False, source="form", erased_at=None)
    waiting = sent.waiting().order_by("-registered_at")
    if asked := waiting.first():
        text = "How many people are on their payroll, and in how many countries?"
        ask_question(
            referral_id=asked.id, text=text, actor=stage.manager, at=now - timedelta(hours=5)
        )
        _begin(stage, asked, now)
    known = sent.filter(stage_kind__in=OPEN_KINDS).exclude(stage_kind=StageKind.SUBMITTED)
    if answered := known.order_by("-registered_at").first():
        _talk(stage, answered)
    lost = sent.filter(stage_kind=StageKind.LOST, closed_at__lt=now - timedelta(days=9))
    if gone := lost.order_by("-closed_at").first():
        person = Actor(user_id=None, kind="person")
        erase_person(referral_id=gone.id, actor=person, at=now - timedelta(days=3))


def _begin(stage: Stage, referral: Referral, now: datetime) -> None:
    """Leave a draft of the sender's."""
    user = User.objects.get(id=referral.submitted_by_id or 0)
    place = Membership.objects.filter(
        tenant_id=stage.tenant.id, user=user, partner_id=referral.partner_id, ended_at=None
    ).first()
    if place is not None:
        save_draft(
            draft_id=None,
            values=dict(BEGUN),
            program_id=referral.program_id,
            member=member_of(place, user),
            at=now - timedelta(days=2),
        )


def _talk(stage: Stage, referral: Referral) -> None:
    """Let the sender answer a question and hand a file in; keep one for the vendor alone."""
    at = referral.registered_at + timedelta(hours=20)
    sender = User.objects.get(id=referral.submitted_by_id or 0)
    actor = Actor(user_id=sender.id, name=str(sender))
    question = ask_question(
        referral_id=referral.id, text="When does their contract end?", actor=stage.manager, at=at
    )
    answer_question(
        question_id=question.id,
        text="In March. They would have to give notice in January.",
        actor=actor,
        at=at + timedelta(hours=3),
        by_link=True,
    )
    for name, internal, who in (
        ("requirements.pdf", False, actor),
        ("credit-check.pdf", True, stage.manager),
    ):
        file = BytesIO(_PDF)
        file.name = name
        add_file(
            referral_id=referral.id,
            file=file,
            internal=internal,
            actor=who,
            at=at + timedelta(hours=4),
        )
