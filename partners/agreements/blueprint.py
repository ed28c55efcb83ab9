"""The agreement in a program's publish checklist."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners.agreements.models import AgreementVersion
from partners.agreements.selectors import draft_of
from partners.agreements.services import save_draft
from partners.programs.checklist import Finding, checks
from partners.programs.models import Program
from partners.programs.templates import Reading, Writing, part, table, texts, whole


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


@part("agreement", order=30, title=gettext_lazy("Agreement"))
class AgreementPart:
    """The draft of the agreement, else its newest version; always a draft in the program it is written to."""

    @staticmethod
    def read(reading: Reading) -> Any:
        """Return the texts and the notice; who accepted them stays where it is."""
        version = (
            draft_of(reading.program.id)
            or AgreementVersion.objects.filter(program_id=reading.program.id)
            .order_by("-number")
            .first()
        )
        if version is None:
            return None
        return {"texts": version.texts, "notice_days": version.notice_days}

    @staticmethod
    def write(data: Any, writing: Writing) -> str:
        """Draft the agreement."""
        draft = save_draft(
            program_id=writing.program.id,
            texts=texts(table(data).get("texts")),
            changes={},
            notice_days=whole(table(data).get("notice_days"), 0, 3650),
            actor=writing.actor,
            at=writing.at,
        )
        names = [str(name) for code, name in settings.LANGUAGES if draft.texts.get(code)]
        return _("A draft in %(languages)s") % {"languages": ", ".join(names) or "–"}
