"""Questions of the vendor before it decides: the clock stands still, the partner answers in the portal or by a link."""

from datetime import datetime
from uuid import UUID

from django.core import signing
from django.db import transaction

from prm.events.services import Actor, emit
from prm.tenancy.scope import current_scope
from prm.workhours.rules import NeverOpen, due_at, minutes_between
from prm.workhours.selectors import calendar_of_tenant
from referrals.capture.models import Question
from referrals.capture.rules import ANSWER_LINK_LIFE
from referrals.pipeline.models import CLOSED_KINDS, Referral, StageChange

_LINK = "referrals.capture.answer"


class QuestionOpen(ValueError):
    """One question waits for its answer already."""


class QuestionClosed(ValueError):
    """The question was answered or withdrawn before."""


class ReferralOver(ValueError):
    """The referral has ended; nobody waits for information any more."""


@transaction.atomic
def ask_question(*, referral_id: UUID, text: str, actor: Actor, at: datetime) -> Question:
    """Ask the partner something about an open referral; no answer of the vendor is due meanwhile.

    Raises Referral.DoesNotExist, QuestionOpen, ReferralOver. Emits referral.question_asked.
    """
    if actor.user_id is None:
        raise ValueError("a question has an author")
    referral = Referral.objects.select_for_update(no_key=True).get(id=referral_id)
    if referral.stage_kind in CLOSED_KINDS:
        raise ReferralOver(referral.number)
    if open_question(referral_id):
        raise QuestionOpen(referral.number)
    question = Question.objects.create(
        referral=referral,
        partner_id=referral.partner_id,
        asked_by_id=actor.user_id,
        text=text.strip(),
        asked_at=at,
        due_before=referral.answer_due_at,
        link_until=at + ANSWER_LINK_LIFE,
    )
    Referral.objects.filter(id=referral.id).update(answer_due_at=None)
    _tell("referral.question_asked", question, actor, at)
    return question


@transaction.atomic
def answer_question(
    *, question_id: UUID, text: str, actor: Actor, at: datetime, by_link: bool = False
) -> Question:
    """Take the partner's answer; the vendor's promise runs on with the working time that was left.

    Raises Question.DoesNotExist, QuestionClosed. Emits referral.question_answered.
    """
    question = _locked_open(question_id)
    question.answer, question.answered_at = text.strip(), at
    question.answered_by_id, question.by_link = actor.user_id, by_link
    question.save(update_fields=["answer", "answered_at", "answered_by", "by_link"])
    _run_on(question, at)
    _tell("referral.question_answered", question, actor, at)
    return question


@transaction.atomic
def withdraw_question(*, question_id: UUID, actor: Actor, at: datetime) -> Question:
    """Do without an answer; the promise runs on. Raises as answer_question. Emits referral.question_withdrawn."""
    question = _locked_open(question_id)
    question.withdrawn_at = at
    question.save(update_fields=["withdrawn_at"])
    _run_on(question, at)
    _tell("referral.question_withdrawn", question, actor, at)
    return question


def close_with_move(referral: Referral, _change: StageChange, _actor: Actor, at: datetime) -> None:
    """Withdraw what nobody needs to know any more once the referral has moved."""
    waiting = Question.objects.filter(referral_id=referral.id, answered_at=None, withdrawn_at=None)
    waiting.update(withdrawn_at=at)


def open_question(referral_id: UUID) -> Question | None:
    """Return the question that waits for the partner, with its author."""
    waiting = Question.objects.filter(referral_id=referral_id, answered_at=None, withdrawn_at=None)
    return waiting.select_related("asked_by").first()


def answer_token(question: Question, user_id: int) -> str:
    """Return the secret with which one person answers one question without a login, until it is answered or expires."""
    return signing.dumps([current_scope().tenant_id, question.id.hex, user_id], salt=_LINK)


def question_of(token: str) -> tuple[Question, int] | None:
    """Return the question of a token, with its referral, and who may answer it; None for one not made here."""
    try:
        tenant_id, question_id, user_id = signing.loads(token, salt=_LINK)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    if tenant_id != current_scope().tenant_id:
        return None
    found = Question.objects.filter(id=UUID(question_id)).select_related("referral", "asked_by")
    question = found.first()
    return (question, int(user_id)) if question else None


def _locked_open(question_id: UUID) -> Question:
    question = Question.objects.select_for_update(no_key=True).get(id=question_id)
    if not question.is_open:
        raise QuestionClosed(str(question_id))
    return question


def _run_on(question: Question, at: datetime) -> None:
    """Give the referral the working time back that was left when the question was asked."""
    if question.due_before is None:
        return
    calendar = calendar_of_tenant()
    left = minutes_between(question.asked_at, question.due_before, calendar)
    try:
        due = due_at(at, left, calendar)
    except NeverOpen:
        due = at + (question.due_before - question.asked_at)
    Referral.objects.filter(id=question.referral_id).update(answer_due_at=due)


def _tell(name: str, question: Question, actor: Actor, at: datetime) -> None:
    emit(
        name,
        subject=f"referral:{question.referral_id}",
        actor=actor,
        partner_id=question.partner_id,
        payload={
            "referral_id": str(question.referral_id),
            "question_id": str(question.id),
            "partner_id": str(question.partner_id),
        },
        at=at,
    )
