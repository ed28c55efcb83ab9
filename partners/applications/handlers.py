"""Applications follow what happens elsewhere: a passed course lets in, prospects move on with their applicants."""

from uuid import UUID

from partners.applications.admission import decide_by_rule
from partners.applications.models import Admission, AdmissionMode, Application, ApplicationState
from prm.events.models import Event
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
