"""Who is let in without a person, by a program's mode; and why, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext

from partners.applications.decide import (
    CannotDecide,
    admit_by_rule,
    leave_to_a_person,
)
from partners.applications.models import (
    Admission,
    AdmissionMode,
    Application,
    ApplicationState,
    Prospect,
)
from partners.training.learners import Learner
from partners.training.selectors import passed
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from prm.web.choices import country_name
from prm.web.domains import canonical_domain


@dataclass(frozen=True)
class Check:
    """One condition of a rule, whether the application meets it, and that in words."""

    name: str
    holds: bool
    words: str


@dataclass(frozen=True)
class Verdict:
    """What the mode says: let in or left to a person; rule: the code that the application keeps."""

    admits: bool
    rule: str
    checks: Sequence[Check] = ()

    @property
    def words(self) -> str:
        """The conditions that decided, in words: the broken ones when one is broken, else all."""
        broken = [check for check in self.checks if not check.holds]
        return " ".join(check.words for check in broken or self.checks)


def verdict_of(
    mode: str,
    rules: Mapping[str, Any],
    application: Application,
    *,
    passed_course: bool = False,
    invited_email: str = "",
) -> Verdict:
    """Return what a program's mode says about an application. Pure but for the active language.

    passed_course: the applicant passed the course of mode "course". invited_email: the address of the prospect whose
    invitation opened the form, empty for none.
    """
    if mode == AdmissionMode.AUTOMATIC:
        words = gettext("The program lets in everybody who answers its form.")
        return Verdict(True, mode, [Check("automatic", True, words)])
    if mode == AdmissionMode.COURSE:
        words = (
            gettext("The course is passed.")
            if passed_course
            else gettext("The course is not passed yet.")
        )
        return Verdict(passed_course, mode, [Check("course", passed_course, words)])
    if mode == AdmissionMode.INVITATION:
        return _invitation(application, invited_email)
    if mode == AdmissionMode.RULES:
        checks = checks_of(rules, application)
        return Verdict(bool(checks) and all(check.holds for check in checks), mode, checks)
    return Verdict(False, AdmissionMode.MANUAL)


def checks_of(rules: Mapping[str, Any], application: Application) -> list[Check]:
    """Return the conditions of mode "rules" that are set, as the application meets them."""
    checks = []
    least = rules.get("min_score")
    if least is not None:
        score = application.score or 0
        facts = {"score": score, "least": least}
        checks.append(
            Check(
                "min_score",
                score >= least,
                gettext("The score is %(score)s, of at least %(least)s.") % facts
                if score >= least
                else gettext("The score is %(score)s, under %(least)s.") % facts,
            )
        )
    if countries := rules.get("countries"):
        holds = application.country in countries
        place = country_name(application.country) if application.country else gettext("None")
        text = (
            gettext("The country is one of the rule's: %(country)s.")
            if holds
            else gettext("The country is not one of the rule's: %(country)s.")
        )
        checks.append(Check("countries", holds, text % {"country": place}))
    if rules.get("own_domain"):
        holds = has_own_domain(application)
        checks.append(
            Check(
                "own_domain",
                holds,
                gettext("The email address is of the company's own domain.")
                if holds
                else gettext("The email address is not of the company's own domain."),
            )
        )
    return checks


def has_own_domain(application: Application) -> bool:
    """Tell whether the mail address is of the company's web address, and not of a mail provider for everybody."""
    of_mail = canonical_domain(application.email)
    of_site = canonical_domain(application.website) if application.website else of_mail
    return bool(of_mail) and of_mail == of_site


def _invitation(application: Application, invited_email: str) -> Verdict:
    """The invited person is in; somebody else who holds the link is looked at by a person."""
    same = bool(invited_email) and (
        application.email == invited_email.lower()
        or (
            canonical_domain(invited_email) != ""
            and canonical_domain(application.email) == canonical_domain(invited_email)
        )
    )
    if same:
        words = gettext("You invited this company to apply.")
    elif invited_email:
        words = gettext("Your invitation went to another company's address.")
    else:
        words = gettext("You did not invite this applicant.")
    return Verdict(same, AdmissionMode.INVITATION, [Check("invitation", same, words)])


def explained(application: Application, admission: Admission) -> Verdict:
    """Return what the program's present mode says of an application; for the page of one, in the active language."""
    invited_email = ""
    if admission.mode == AdmissionMode.INVITATION and application.prospect_id:
        prospect = Prospect.objects.filter(id=application.prospect_id).first()
        invited_email = prospect.email if prospect else ""
    has_passed = (
        admission.mode == AdmissionMode.COURSE
        and admission.course_id is not None
        and passed(course_id=admission.course_id, learner=_learner(application))
    )
    return verdict_of(
        admission.mode,
        admission.rules,
        application,
        passed_course=has_passed,
        invited_email=invited_email,
    )


@transaction.atomic
def decide_by_rule(*, application_id: UUID, at: datetime) -> Application:
    """Let a submitted application in where the program's mode does; else leave it to a person, and say why.

    A company that may be a partner already is always left to a person. Whoever takes the admitting course waits on.
    A repeat, and an application that was decided meanwhile, write nothing. Emits application.approved when let in.
    """
    application = Application.objects.select_for_update(no_key=True).get(id=application_id)
    if application.state not in {ApplicationState.SUBMITTED, ApplicationState.COURSE}:
        return application
    admission = Admission.objects.filter(program_id=application.program_id).first()
    if admission is None or admission.mode == AdmissionMode.MANUAL:
        return application
    tenant = Tenant.objects.only("language").get(id=current_scope().tenant_id)
    with translation.override(tenant.language):
        verdict = explained(application, admission)
        words = verdict.words
    if not verdict.admits:
        if application.state == ApplicationState.COURSE:
            return application
        return leave_to_a_person(application=application, words=words, at=at)
    try:
        return admit_by_rule(
            application=application, admission=admission, rule=verdict.rule, words=words, at=at
        )
    except CannotDecide as problem:
        with translation.override(tenant.language):
            return leave_to_a_person(application=application, words=str(problem), at=at)


def _learner(application: Application) -> Learner:
    return Learner(
        user_id=None,
        application_id=application.id,
        partner_id=None,
        name=application.name,
        language=application.language,
        program_id=application.program_id,
    )
