"""What capture does when something happened: people are told."""

from uuid import UUID

from prm.accounts.capabilities import Role
from prm.accounts.models import Membership
from prm.events.models import Event
from prm.events.subscriptions import on
from prm.notices.services import notify
from prm.tenancy.links import tenant_url
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from referrals.capture.asking import answer_token
from referrals.capture.models import Question, Telling
from referrals.capture.privacy import tell_person, tells_at
from referrals.pipeline.models import Referral, StageKind


@on("referral.submitted", name="capture.tell_person")
def tell_person_referred(event: Event) -> None:
    """The person referred learns of it at once, where the program says so."""
    if tells_at(UUID(event.payload["program_id"]), Telling.ALWAYS):
        tell_person(referral_id=UUID(event.payload["referral_id"]), at=event.at)


@on("referral.stage_changed", name="capture.tell_person_accepted")
def tell_person_accepted(event: Event) -> None:
    """The person referred learns of it when the referral is accepted, where the program says so."""
    if event.payload["to_kind"] == StageKind.ACCEPTED and tells_at(
        UUID(event.payload["program_id"]), Telling.ACCEPTED
    ):
        tell_person(referral_id=UUID(event.payload["referral_id"]), at=event.at)


@on("referral.question_asked", name="capture.tell_question")
def tell_question(event: Event) -> None:
    """The sender, or the partner's admins where it has none with a login, get the question with a link to answer it."""
    question = _question(event)
    if not question.is_open:
        return
    tenant = Tenant.objects.get(id=current_scope().tenant_id)
    for user_id in _people_of(question.referral):
        notify(
            kind="referral.question",
            key=f"question:{question.id}",
            user_id=user_id,
            partner_id=question.partner_id,
            facts={
                "company": question.referral.company,
                "number": question.referral.number,
                "question": question.text,
                "person": str(question.asked_by),
                "vendor": tenant.name,
                "until": question.link_until.date().isoformat(),
                "answer_url": tenant_url(
                    tenant, "referrals:answer-by-link", token=answer_token(question, user_id)
                ),
            },
            path=f"referrals/{question.referral_id}/",
            at=event.at,
        )


@on("referral.question_answered", name="capture.tell_answer")
def tell_answer(event: Event) -> None:
    """Whoever asked learns that the answer is there."""
    question = _question(event)
    notify(
        kind="referral.answered",
        key=f"question:{question.id}:answered",
        user_id=question.asked_by_id,
        facts={
            "company": question.referral.company,
            "number": question.referral.number,
            "answer": question.answer,
        },
        path=f"manage/referrals/{question.referral_id}/",
        at=event.at,
    )


def _question(event: Event) -> Question:
    rows = Question.objects.select_related("referral", "asked_by")
    return rows.get(id=event.payload["question_id"])


def _people_of(referral: Referral) -> list[int]:
    """Return who answers for the partner: the sender while they work there, else its admins."""
    here = Membership.objects.filter(
        tenant_id=current_scope().tenant_id, partner_id=referral.partner_id, ended_at=None
    )
    sender = here.filter(user_id=referral.submitted_by_id or 0)
    people = sender if sender.exists() else here.filter(roles__contains=[Role.PARTNER_ADMIN])
    return sorted(people.values_list("user_id", flat=True))
