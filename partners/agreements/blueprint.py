"""The agreement in a program's publish checklist."""

from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners.agreements.models import AgreementVersion
from partners.programs.checklist import Finding, checks
from partners.programs.models import Program


@checks(
    "agreement",
    order=40,
    title=gettext_lazy("Agreement"),
    page="partners:agreement-versions",
)
def agreement_check(program: Program, _at: datetime) -> Finding:
    """The newest published version speaks every language of the portal."""
    newest = (
        AgreementVersion.objects.filter(program_id=program.id, number__gt=0)
        .order_by("-number")
        .first()
    )
    if newest is None:
        return Finding(_("Publish the agreement that partners sign"))
    lacking = [
        str(name)
        for code, name in settings.LANGUAGES
        if not str(newest.texts.get(code, "")).strip()
    ]
    if lacking:
        return Finding(
            _("Publish the agreement in %(languages)s too") % {"languages": ", ".join(lacking)}
        )
    return Finding(note=_("Version %(number)s") % {"number": newest.number})
