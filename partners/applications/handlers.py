"""Applications follow what happens elsewhere, prospects follow applications, and people hear of what waits for them."""

from uuid import UUID

from partners.applications.admission import decide_by_rule
from partners.applications.models import Admission, AdmissionMode, Application, ApplicationState
from partners.applications.prospects import follow_application, follow_partner
from partners.training.taking import hand_over
from prm.accounts.capabilities import Capability
from prm.accounts.models import User
from prm.accounts.selectors import members_with
from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.events.subscriptions import on
from prm.notices.services import notify
from prm.tenancy.scope import current_scope


@on("course.passed", name="applications.admit_by_course")
def admit_by_course(event: Event) -> None:
    """Whoever passes the course that a program admits by is in; where that cannot be, a person is told."""
    if not event.payload.get("application_id"):
        return
    application = Application.objects.filter(id=UUID(event.payload["application_id"])).first()
    if application is None or application.state != ApplicationState.COURSE:
        return
    admitting = Admission.objects.filter(
        program_id=application.program_id,
        mode=AdmissionMode.COURSE,
        course_id=UUID(event.payload["course_id"]),
    )
    if admitting.exists():
        decide_by_rule(application_id=application.id, at=event.at)
        _tell(event, "application.new")


@on("membership.started", name="applications.hand_over_courses")
def hand_over_courses(event: Event) -> None:
    """What an applicant learned belongs to the person who has become a partner's."""
    if event.partner_id is None:
        return
    email = User.objects.values_list("email", flat=True).get(id=event.payload["user_id"])
    own = Application.objects.filter(partner_id=event.partner_id, email=email.lower())
    for application_id in own.values_list("id", flat=True):
        hand_over(
            application_id=application_id,
            user_id=event.payload["user_id"],
            partner_id=event.partner_id,
            at=event.at,
        )


@on("application.submitted", name="applications.prospect_applied")
def prospect_applied(event: Event) -> None:
    """A prospect that applied is one no more to be chased."""
    _follow(event)


@on("application.approved", name="applications.prospect_approved")
def prospect_approved(event: Event) -> None:
    """A prospect that was let in is a partner."""
    _follow(event)


@on("membership.started", name="applications.prospect_accepted")
def prospect_accepted(event: Event) -> None:
    """The first person of an invited prospect's partner is in."""
    if event.partner_id is not None:
        follow_partner(partner_id=event.partner_id, actor=SYSTEM, at=event.at)


@on("application.submitted", name="applications.tell_new")
def tell_new(event: Event) -> None:
    """Whoever decides learns of a new application, unless a rule, a course or the applicant settled it."""
    _tell(event, "application.new")


@on("application.answered", name="applications.tell_answered")
def tell_answered(event: Event) -> None:
    """Whoever decides learns that an applicant answered."""
    _tell(event, "application.replied")


def _tell(event: Event, kind: str) -> None:
    """Tell each person who may decide, once per event, as long as the application waits for a decision."""
    application = (
        Application.objects.filter(
            id=UUID(event.payload["application_id"]), state=ApplicationState.SUBMITTED
        )
        .select_related("program")
        .first()
    )
    if application is None:
        return
    facts = {
        "company": application.company or application.name,
        "program": application.program.name,
    }
    for user in members_with(Capability.DECIDE_APPLICATIONS, tenant_id=current_scope().tenant_id):
        notify(
            kind=kind,
            key=f"application:{application.id}:{event.id}",
            user_id=user.id,
            facts=facts,
            path=f"manage/applications/{application.id}/",
            at=event.at,
        )


def _follow(event: Event) -> None:
    application_id = UUID(event.payload["application_id"])
    if Application.objects.filter(id=application_id).exists():
        follow_application(application_id=application_id, actor=SYSTEM, at=event.at)
