"""Decisions about applications: let in, ask, decline, look again. One decision wins; the other is told."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext

from partners.agreements.models import Acceptance, AgreementVersion
from partners.applications.decision_mails import mail_decision
from partners.applications.models import (
    Admission,
    Application,
    ApplicationChange,
    ApplicationState,
    Prospect,
    ProspectState,
)
from partners.applications.rules import reapply_day
from partners.applications.similar import partners_like
from partners.directory.models import EnrollmentState, Partner, PartnerState
from partners.directory.services import (
    PartnerNameTaken,
    PartnershipEnded,
    add_partner,
    enroll,
    invite_person,
)
from prm.accounts.capabilities import Role
from prm.accounts.services import AlreadyMember
from prm.events.services import SYSTEM, Actor, emit
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope

UNDECIDED = (ApplicationState.SUBMITTED, ApplicationState.INFO_ASKED, ApplicationState.COURSE)
AT_ONCE = 100


class CannotDecide(ValueError):
    """The application cannot be decided so; the text says why, in the active language."""


class DecidedMeanwhile(CannotDecide):
    """Somebody else, or a rule, or the applicant was first."""


class PartnerExists(CannotDecide):
    """The company may be a partner already; somebody has to choose."""

    def __init__(self, words: str, partners: Sequence[Partner]) -> None:
        super().__init__(words)
        self.partners = partners


@dataclass(frozen=True)
class Result:
    """What became of one application of several."""

    application_id: UUID
    label: str
    done: bool
    words: str


@transaction.atomic
def approve(
    *,
    application_id: UUID,
    actor: Actor,
    at: datetime,
    into_partner_id: UUID | None = None,
    as_new: bool = False,
    seen: int | None = None,
) -> Application:
    """Let an applicant in: a new partner, or one that is there, enrolled; the applicant is invited as its admin.

    into_partner_id: the partner to join. as_new: make one though others look like it. seen: id of the newest change
    that the person had before them. Raises DecidedMeanwhile, PartnerExists, CannotDecide. Emits application.approved,
    partner.added, partner.enrolled, invitation.sent. The enrolment waits for the program's agreement if there is one.
    """
    application = _undecided(application_id, seen)
    return _let_in(application, actor=actor, at=at, into_partner_id=into_partner_id, as_new=as_new)


def admit_by_rule(
    *, application: Application, admission: Admission, rule: str, words: str, at: datetime
) -> Application:
    """Let in by a program's rule, on probation where the program has one; the caller holds the row's lock.

    rule: the code kept with the application; words: what is told in its story. Raises CannotDecide when the company
    may be a partner already. Emits what approve does.
    """
    with transaction.atomic():
        return _let_in(
            application, actor=SYSTEM, at=at, rule=rule, words=words, admission=admission
        )


@transaction.atomic
def leave_to_a_person(*, application: Application, words: str, at: datetime) -> Application:
    """Put what no rule lets in before a person, with the reason in its story; a repeat writes nothing."""
    newest = newest_change(application.id)
    if (
        application.state == ApplicationState.SUBMITTED
        and newest is not None
        and newest.text == words
    ):
        return application
    before = application.state
    if before == ApplicationState.COURSE:
        application.state = ApplicationState.SUBMITTED
        application.due_at = at + timedelta(days=_decide_days(application))
        application.save(update_fields=["state", "due_at"])
    _note(application, before, at, SYSTEM, who="Rule", text=words)
    return application


@transaction.atomic
def decline(
    *,
    application_id: UUID,
    reason: str,
    actor: Actor,
    at: datetime,
    reapply_on: date | None = None,
    seen: int | None = None,
) -> Application:
    """Say no, with the reason that the applicant reads and the day from which they may apply again.

    reapply_on: the program's usual number of days from now when None. Raises DecidedMeanwhile, CannotDecide without a
    reason. Emits application.declined.
    """
    if not reason.strip():
        raise CannotDecide(gettext("Enter a reason: the applicant reads it"))
    application = _undecided(application_id, seen)
    admission = Admission.objects.filter(program_id=application.program_id).first()
    days = admission.reapply_days if admission else Admission().reapply_days
    application.reason = reason.strip()
    application.reapply_on = reapply_on or reapply_day(day_of(at), days)
    before = application.state
    _decided(application, ApplicationState.DECLINED, actor, at)
    application.save()
    change = _note(application, before, at, actor, text=application.reason)
    _tell("application.declined", application, actor, at)
    mail_decision(application, "declined", change_id=change.id)
    return application


@transaction.atomic
def ask(
    *, application_id: UUID, question: str, actor: Actor, at: datetime, seen: int | None = None
) -> Application:
    """Ask the applicant something; the promise to decide rests until they answer.

    Raises DecidedMeanwhile, CannotDecide without a question or while the applicant takes the course.
    Emits application.info_asked.
    """
    if not question.strip():
        raise CannotDecide(gettext("Enter what you want to know"))
    application = _undecided(application_id, seen)
    if application.state == ApplicationState.COURSE:
        raise CannotDecide(gettext("The applicant is still taking the course"))
    before = application.state
    application.asked, application.answered = question.strip(), ""
    application.state, application.due_at = ApplicationState.INFO_ASKED, None
    application.save(update_fields=["asked", "answered", "state", "due_at"])
    change = _note(application, before, at, actor, text=application.asked)
    _tell("application.info_asked", application, actor, at)
    mail_decision(application, "asked", change_id=change.id)
    return application


@transaction.atomic
def reopen(*, application_id: UUID, reason: str, actor: Actor, at: datetime) -> Application:
    """Take a decline back: the application is in the queue again, and the applicant is told.

    Raises CannotDecide unless it is declined, without a reason, or when the applicant has applied again since.
    Emits application.reopened.
    """
    application = Application.objects.select_for_update(no_key=True).get(id=application_id)
    if application.state != ApplicationState.DECLINED:
        raise CannotDecide(gettext("Only a declined application can be opened again"))
    if not reason.strip():
        raise CannotDecide(gettext("Enter a reason"))
    later = Application.objects.filter(
        program_id=application.program_id,
        email=application.email,
        state__in=[*UNDECIDED, ApplicationState.APPROVED],
    )
    if later.exclude(id=application.id).exists():
        raise CannotDecide(
            gettext("The applicant has applied again since: decide that application")
        )
    application.state = ApplicationState.SUBMITTED
    application.decided_at = application.decided_by = application.reapply_on = None
    application.decided_rule = application.reason = ""
    application.due_at = at + timedelta(days=_decide_days(application))
    application.save()
    change = _note(application, ApplicationState.DECLINED, at, actor, text=reason.strip())
    _tell("application.reopened", application, actor, at)
    mail_decision(application, "reopened", change_id=change.id)
    return application


def approve_several(*, ids: Iterable[UUID], actor: Actor, at: datetime) -> list[Result]:
    """Approve up to a hundred, each as a new partner, each whole or not at all; the ones that cannot be say why."""
    return _each(
        ids,
        gettext("Approved"),
        lambda identity: approve(application_id=identity, actor=actor, at=at),
    )


def decline_several(
    *, ids: Iterable[UUID], reason: str, actor: Actor, at: datetime, reapply_on: date | None = None
) -> list[Result]:
    """Decline up to a hundred with one reason, each whole or not at all; the ones that cannot be say why."""
    return _each(
        ids,
        gettext("Declined"),
        lambda identity: decline(
            application_id=identity, reason=reason, actor=actor, at=at, reapply_on=reapply_on
        ),
    )


def newest_change(application_id: UUID) -> ApplicationChange | None:
    """Return the last step in an application's life."""
    return ApplicationChange.objects.filter(application_id=application_id).order_by("-id").first()


def day_of(at: datetime) -> date:
    """Return the tenant's day of a moment."""
    zone = Tenant.objects.only("time_zone").get(id=current_scope().tenant_id).time_zone
    return at.astimezone(ZoneInfo(zone)).date()


def agreement_waits(*, partner_id: UUID, program_id: UUID) -> bool:
    """Tell whether the program has a published agreement of which the partner accepted no version."""
    published = AgreementVersion.objects.filter(
        program_id=program_id, published_at__isnull=False
    ).exists()
    return (
        published
        and not Acceptance.objects.filter(program_id=program_id, partner_id=partner_id).exists()
    )


def _each(ids: Iterable[UUID], done: str, decide: Callable[[UUID], Application]) -> list[Result]:
    results = []
    # In one order, so that two people's bulk decisions wait for each other instead of locking each other out.
    for identity in sorted(set(ids))[:AT_ONCE]:
        found = (
            Application.objects.filter(id=identity).exclude(state=ApplicationState.DRAFT).first()
        )
        if found is None:
            continue
        label = f"{found.number} {found.company}".strip()
        try:
            with transaction.atomic():
                decide(identity)
        except CannotDecide as problem:
            results.append(Result(identity, label, False, str(problem)))
        else:
            results.append(Result(identity, label, True, done))
    return results


def _undecided(application_id: UUID, seen: int | None) -> Application:
    """Lock an application that is still open. Raises DecidedMeanwhile, saying who was first."""
    application = Application.objects.select_for_update(no_key=True).get(id=application_id)
    newest = newest_change(application.id)
    if application.state in UNDECIDED and (seen is None or newest is None or newest.id == seen):
        return application
    facts = {
        "who": newest.who if newest and newest.who else gettext("Somebody"),
        "state": ApplicationState(application.state).label,
    }
    if application.state == ApplicationState.DRAFT:
        raise CannotDecide(gettext("The applicant has not sent it yet"))
    if application.state in UNDECIDED:
        words = gettext("%(who)s changed it in the meantime: it is now in state “%(state)s”")
    else:
        words = gettext("%(who)s was first: it is now in state “%(state)s”")
    raise DecidedMeanwhile(words % facts)


def _let_in(
    application: Application,
    *,
    actor: Actor,
    at: datetime,
    into_partner_id: UUID | None = None,
    as_new: bool = False,
    rule: str = "",
    words: str = "",
    admission: Admission | None = None,
) -> Application:
    if application.program.closed_at is not None:
        raise CannotDecide(gettext("The program is closed"))
    partner = _partner_for(application, into_partner_id, as_new=as_new, actor=actor, at=at)
    limits: dict[str, Any] = {}
    if admission is not None and admission.probation_referrals is not None:
        days = admission.probation_days
        limits["probation_referrals"] = admission.probation_referrals
        limits["probation_until"] = at + timedelta(days=days) if days else None
    waits = agreement_waits(partner_id=partner.id, program_id=application.program_id)
    enroll(
        partner_id=partner.id,
        program_id=application.program_id,
        actor=actor,
        at=at,
        state=EnrollmentState.APPROVED if waits else EnrollmentState.ACTIVE,
        **limits,
    )
    is_member = _invite(application, partner, actor, at)
    before = application.state
    application.partner, application.decided_rule = partner, rule
    _decided(application, ApplicationState.APPROVED, actor, at)
    application.save()
    if application.prospect_id:
        Prospect.objects.filter(id=application.prospect_id).update(
            state=ProspectState.PARTNER, partner_id=partner.id
        )
    change = _note(application, before, at, actor, who="Rule" if rule else "", text=words)
    _tell("application.approved", application, actor, at, partner_id=partner.id)
    mail_decision(application, "approved", change_id=change.id, is_member=is_member)
    return application


def _partner_for(
    application: Application,
    into_partner_id: UUID | None,
    *,
    as_new: bool,
    actor: Actor,
    at: datetime,
) -> Partner:
    """Return the partner that the applicant joins, made now unless it is chosen."""
    if into_partner_id is not None:
        partner = Partner.objects.select_for_update(no_key=True).filter(id=into_partner_id).first()
        if partner is None or partner.merged_into_id is not None:
            raise CannotDecide(gettext("Choose a partner of the list"))
        if partner.state == PartnerState.ENDED:
            raise CannotDecide(
                gettext("%(name)s has ended. Take the partner up again first.")
                % {"name": partner.name}
            )
        return partner
    alike = [] if as_new else partners_like(application)
    if alike:
        names = ", ".join(partner.name for partner in alike)
        raise PartnerExists(
            gettext("It may be a partner already: %(names)s. Choose one, or make a new partner.")
            % {"names": names},
            alike,
        )
    try:
        return add_partner(
            name=application.company or application.name,
            type=application.type,
            country=application.country,
            website=application.website or application.domain,
            actor=actor,
            at=at,
        )
    except PartnerNameTaken as taken:
        raise PartnerExists(
            gettext("A partner is called %(name)s already. Choose it.")
            % {"name": application.company},
            partners_like(application),
        ) from taken


def _invite(application: Application, partner: Partner, actor: Actor, at: datetime) -> bool:
    """Invite the applicant into the partner as its admin; tell whether they work there already."""
    try:
        invite_person(
            partner_id=partner.id,
            email=application.email,
            name=application.name,
            role=Role.PARTNER_ADMIN,
            language=application.language,
            actor=actor,
            at=at,
        )
    except AlreadyMember:
        return True
    except PartnershipEnded as ended:
        raise CannotDecide(
            gettext("%(name)s has ended. Take the partner up again first.") % {"name": partner.name}
        ) from ended
    return False


def _decided(application: Application, state: str, actor: Actor, at: datetime) -> None:
    application.state, application.decided_at, application.due_at = state, at, None
    application.decided_by_id = actor.user_id


def _decide_days(application: Application) -> int:
    found = Admission.objects.filter(program_id=application.program_id).first()
    return (found or Admission()).decide_days


def _note(
    application: Application,
    before: str,
    at: datetime,
    actor: Actor,
    *,
    who: str = "",
    text: str = "",
) -> ApplicationChange:
    return ApplicationChange.objects.create(
        application_id=application.id,
        from_state=before,
        to_state=application.state,
        at=at,
        user_id=actor.user_id,
        who=who or actor.name,
        text=text,
    )


def _tell(event: str, application: Application, actor: Actor, at: datetime, **ids: UUID) -> None:
    emit(
        event,
        subject=f"application:{application.id}",
        actor=actor,
        payload={
            "application_id": str(application.id),
            "program_id": str(application.program_id),
            **{name: str(value) for name, value in ids.items()},
        },
        at=at,
    )
