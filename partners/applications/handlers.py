"""Applications follow what happens elsewhere: a passed course lets in, prospects move on with their applicants."""

from uuid import UUID

from partners.applications.admission import decide_by_rule
from partners.applications.models import Admission, AdmissionMode, Application, ApplicationState
from partners.applications.prospects import follow_application, follow_partner
from partners.training.taking import hand_over
from prm.accounts.models import User
from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.events.subscriptions import on


@on("course.passed", name="applications.admit_by_course")
def admit_by_course(event: Event) -> None:
    """Whoever passes the course that a program admits by is in."""
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


def _follow(event: Event) -> None:
    application_id = UUID(event.payload["application_id"])
    if Application.objects.filter(id=application_id).exists():
        follow_application(application_id=application_id, actor=SYSTEM, at=event.at)
