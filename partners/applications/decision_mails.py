"""What a decision tells the applicant by mail, in the language in which they applied."""

from django.utils import translation
from django.utils.translation import gettext as _

from partners.applications.links import link_token
from partners.applications.models import Application
from partners.programs.models import Program
from prm.notices.services import queue_mail
from prm.tenancy.links import tenant_url
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from prm.web.formats import day_text


def mail_decision(
    application: Application, name: str, *, change_id: int, is_member: bool = False
) -> None:
    """Tell the applicant what was decided or asked, once per change.

    name: approved, declined, asked, reopened. is_member: an approved one who works for the partner already.
    """
    tenant = Tenant.objects.defer("logo").get(id=current_scope().tenant_id)
    language = application.language or tenant.language
    program = Program.objects.get(id=application.program_id)
    own = tenant_url(tenant, "partners:application-status", token=link_token(application))
    with translation.override(language):
        context = _words(application, name, program, tenant, is_member=is_member) | {
            "reason": _("You get this mail because you applied."),
            "url": tenant_url(tenant, "account_login") if name == "approved" and is_member else own,
        }
    queue_mail(
        key=f"application.{name}:{application.id}:{change_id}",
        kind=f"application.{name}",
        to=application.email,
        template="emails/application/decision",
        context=context,
        language=language,
    )


def _words(
    application: Application, name: str, program: Program, tenant: Tenant, *, is_member: bool
) -> dict[str, object]:
    facts = {
        "program": program.name,
        "vendor": tenant.name,
        "company": application.company or application.name,
    }
    if name == "approved":
        step = (
            _("Sign in to the partner portal and start there.")
            if is_member
            else _("A second mail brings your invitation to the partner portal: open it to begin.")
        )
        return {
            "title": _("Welcome to %(program)s") % facts,
            "lines": [_("%(vendor)s has accepted %(company)s as a partner.") % facts, step],
            "button": _("Sign in") if is_member else _("See your application"),
        }
    if name == "asked":
        return {
            "title": _("A question about your application to %(program)s") % facts,
            "lines": [_("%(vendor)s needs to know something before it decides:") % facts],
            "quote": application.asked,
            "button": _("Answer the question"),
        }
    if name == "reopened":
        return {
            "title": _("Your application to %(program)s is looked at again") % facts,
            "lines": [
                _("%(vendor)s has taken its earlier answer back. You need not do anything.") % facts
            ],
            "button": _("See your application"),
        }
    lines = [_("%(vendor)s has declined the application of %(company)s, and says why:") % facts]
    after = ""
    if application.reapply_on:
        day = day_text(application.reapply_on, "long")
        after = _("You may apply again from %(day)s.") % {"day": day}
    return {
        "title": _("Your application to %(program)s") % facts,
        "lines": lines,
        "quote": application.reason,
        "after": after,
        "button": _("See your application"),
    }
