"""What an applicant's own page says: where the application stands, what happens next and by when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import gettext as _

from partners.applications.models import Application, ApplicationState
from partners.applications.selectors import UNDECIDED, public_program
from prm.accounts.models import Membership
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from prm.web.formats import day_text
from prm.web.parts import Stage


@dataclass(frozen=True)
class OwnPage:
    """The applicant's page: a callout in words, the way so far, and what can be done."""

    tone: str
    title: str
    text: str
    stages: Sequence[Stage]
    may_withdraw: bool
    may_answer: bool
    course_url: str
    apply_url: str
    login_url: str


def own_page(application: Application, *, token: str, at: datetime) -> OwnPage:
    """Return what the page of an application says at a moment, in the reader's language."""
    joined = _has_joined(application)
    tone, title, text = _callout(application, joined=joined)
    state = application.state
    return OwnPage(
        tone=tone,
        title=title,
        text=text,
        stages=_stages(application),
        may_withdraw=state in UNDECIDED,
        may_answer=state == ApplicationState.INFO_ASKED,
        course_url=reverse("partners:application-course", kwargs={"token": token})
        if state == ApplicationState.COURSE
        else "",
        apply_url=_again(application, at),
        login_url=reverse("account_login") if joined else "",
    )


def _callout(application: Application, *, joined: bool) -> tuple[str, str, str]:
    due = day_text(application.due_at) if application.due_at else ""
    match application.state:
        case ApplicationState.SUBMITTED:
            text = _("You get an answer by %(day)s, by mail and on this page.") % {"day": due}
            return "info", _("A person reads your application"), text if due else ""
        case ApplicationState.INFO_ASKED:
            return "warn", _("We have a question"), application.asked
        case ApplicationState.COURSE:
            text = _("Take it whenever you like: your place in it is kept under this address.")
            return "info", _("Pass the course, and you are in"), text
        case ApplicationState.APPROVED if joined:
            text = _("Sign in with %(email)s.") % {"email": application.email}
            return "ok", _("You have joined"), text
        case ApplicationState.APPROVED:
            text = _("An invitation is on its way to %(email)s. Open it to set up your login.")
            return "ok", _("Welcome, you are a partner"), text % {"email": application.email}
        case ApplicationState.DECLINED:
            return "bad", _("This time it is a no"), application.reason
        case _:
            return "", _("You took this application back"), _("You can apply again at any time.")


def _stages(application: Application) -> list[Stage]:
    state = application.state
    sent = Stage(
        _("Sent"), "done", day_text(application.submitted_at) if application.submitted_at else ""
    )
    decided = day_text(application.decided_at) if application.decided_at else ""
    middle_name = _("Course") if _goes_by_course(application) else _("Review")
    if state in UNDECIDED:
        return [sent, Stage(middle_name, "now", _("Now")), Stage(_("Decision"), "todo")]
    if state == ApplicationState.APPROVED:
        return [sent, Stage(middle_name, "done"), Stage(_("Approved"), "done", decided)]
    word = _("Withdrawn") if state == ApplicationState.WITHDRAWN else _("Declined")
    return [sent, Stage(middle_name, "done"), Stage(word, "lost", decided)]


def _goes_by_course(application: Application) -> bool:
    """Tell whether the course decides, or has decided: then no person has."""
    if application.state == ApplicationState.COURSE:
        return True
    return (
        application.state == ApplicationState.APPROVED
        and application.decided_by_id is None
        and application.decided_rule == "course"
    )


def _has_joined(application: Application) -> bool:
    """Tell whether the applicant works in the partner that the application became."""
    if application.state != ApplicationState.APPROVED or application.partner_id is None:
        return False
    return Membership.objects.filter(
        tenant_id=current_scope().tenant_id,
        partner_id=application.partner_id,
        user__email__iexact=application.email,
        ended_at=None,
    ).exists()


def _again(application: Application, at: datetime) -> str:
    """Return where to apply again, empty while it is too early or the program takes nobody."""
    if application.state not in {ApplicationState.DECLINED, ApplicationState.WITHDRAWN}:
        return ""
    zone = Tenant.objects.only("time_zone").get(id=current_scope().tenant_id).time_zone
    today = at.astimezone(ZoneInfo(zone)).date()
    if application.reapply_on and today < application.reapply_on:
        return ""
    if public_program(application.program.slug) is None:
        return ""
    return reverse("partners:apply", kwargs={"program": application.program.slug})
