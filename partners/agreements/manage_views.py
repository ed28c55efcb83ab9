"""The vendor's pages about agreements: write, compare, publish, and see who has signed."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db.models import F, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.agreements.differences import changes_between
from partners.agreements.forms import DraftForm
from partners.agreements.models import Acceptance, AgreementVersion
from partners.agreements.rules import MERGE_FIELDS
from partners.agreements.selectors import (
    draft_of,
    former_of,
    merged_for,
    signed_by,
    signing_partners,
    unsigned_count,
    version_in_force,
    versions_of,
)
from partners.agreements.services import (
    NothingToPublish,
    discard_draft,
    publish_version,
    remind,
    save_draft,
)
from partners.agreements.tables import SignatureTable
from partners.directory.models import Enrollment, Partner
from partners.programs.models import Program
from partners.programs.texts import rendered
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.htmx import hx_redirect, render_part
from prm.web.paging import keyset_page
from prm.web.parts import Tab

# How many partners one press of "Remind" reaches; the nightly sweep reaches all before a version binds.
REMIND_AT_ONCE = 200
PREVIEW_PARTNERS = 100


@require_safe
@needs(Capability.SEE_PROGRAMS)
def agreement_versions(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Show a program's agreement: the version in force, the draft, every version and how many signed it."""
    program = get_object_or_404(Program, id=program_id)
    versions = versions_of(program.id)
    context = {
        "program": program,
        "versions": versions,
        "draft": draft_of(program.id),
        "waiting": unsigned_count(versions[0]) if versions else 0,
        "may_edit": request.member.may(Capability.EDIT_PROGRAMS),
        "may_see_partners": request.member.may(Capability.SEE_PARTNERS),
        "tabs": _tabs(program, "versions") if versions else [],
        "now": timezone.now(),
    }
    return render(request, "partners/agreements/versions.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def agreement_draft(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Write the next version; it begins as the version in force."""
    program = get_object_or_404(Program, id=program_id)
    now = timezone.now()
    newest, draft = version_in_force(program.id, now), draft_of(program.id)
    form = DraftForm(
        request.POST or None,
        initial=DraftForm.initial_of(draft or newest),
        has_former=newest is not None,
    )
    if form.is_bound and form.is_valid():
        saved = save_draft(
            program_id=program.id, actor=request.member.actor, at=now, **form.version
        )
        messages.success(request, _("The draft is saved. Read it as a partner, then publish it."))
        return hx_redirect(request, "partners:agreement-version", version_id=saved.id)
    context = {
        "form": form,
        "program": program,
        "draft": draft,
        "newest": newest,
        "fields": [(f"{{{{ {name} }}}}", words) for name, words in MERGE_FIELDS.items()],
    }
    return render(
        request, "partners/agreements/draft.html", context, status=422 if form.is_bound else 200
    )


@require_POST
@needs(Capability.EDIT_PROGRAMS)
def agreement_discard(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Throw the draft away."""
    program = get_object_or_404(Program, id=program_id)
    discard_draft(program_id=program.id, actor=request.member.actor, at=timezone.now())
    return hx_redirect(request, "partners:agreement-versions", program_id=program.id)


@require_safe
@needs(Capability.SEE_PROGRAMS)
def agreement_version(request: MemberRequest, version_id: UUID) -> HttpResponse:
    """Show a version as a partner would get it, and what it changes; a draft is published from here."""
    return _version_page(request, _version(version_id))


@require_POST
@needs(Capability.EDIT_PROGRAMS)
def agreement_publish(request: MemberRequest, version_id: UUID) -> HttpResponse:
    """Publish a draft for good."""
    version = _version(version_id)
    try:
        published = publish_version(
            version_id=version.id, actor=request.member.actor, at=timezone.now()
        )
    except NothingToPublish as lack:
        return _version_page(request, version, problem=str(lack), status=422)
    messages.success(
        request,
        _("Version %(number)s is published. The partners are asked to sign it.")
        % {"number": published.number},
    )
    return hx_redirect(request, "partners:agreement-versions", program_id=published.program_id)


@require_safe
@needs(Capability.SEE_PARTNERS)
def agreement_signatures(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Show who of a program's partners has signed what, and who has not."""
    program = get_object_or_404(Program, id=program_id)
    newest = version_in_force(program.id, timezone.now())
    found = signing_partners(program.id)
    only_waiting = request.GET.get("state") == "waiting"
    if only_waiting and newest:
        found = _waiting(found, newest)
    rows = found.annotate(partner_name=F("partner__name"))
    page = keyset_page(rows, params=request.GET, orders={"name": ("partner_name",)}, default="name")
    signed = signed_by([row.partner_id for row in page.rows], program.id)
    for row in page.rows:
        row.accepted = signed.get(row.partner_id)
    context = {
        "program": program,
        "newest": newest,
        "page": page,
        "table": SignatureTable(page.rows, page=page, newest=newest.number if newest else 0),
        "only_waiting": only_waiting,
        "waiting": unsigned_count(newest) if newest else 0,
        "may_remind": request.member.may(Capability.EDIT_PARTNERS),
        "may_edit": request.member.may(Capability.EDIT_PROGRAMS),
        "tabs": _tabs(program, "waiting" if only_waiting else "signatures"),
    }
    return render_part(request, "partners/agreements/signatures.html", context, say=page.shown_text)


@require_POST
@needs(Capability.EDIT_PARTNERS)
def agreement_remind(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Remind one partner, or those who have not signed, of the newest version."""
    program = get_object_or_404(Program, id=program_id)
    now, reached = timezone.now(), 0
    newest = version_in_force(program.id, now)
    if newest is not None:
        rows = _waiting(signing_partners(program.id), newest).order_by("id")
        for row in rows[:REMIND_AT_ONCE]:
            reached += remind(
                partner_id=row.partner_id, program_id=program.id, actor=request.member.actor, at=now
            )
    messages.success(
        request,
        ngettext("%(many)s partner is reminded.", "%(many)s partners are reminded.", reached)
        % {"many": reached},
    )
    return hx_redirect(request, "partners:agreement-signatures", program_id=program.id)


def _version_page(
    request: MemberRequest, version: AgreementVersion, *, problem: str = "", status: int = 200
) -> HttpResponse:
    now = timezone.now()
    former = former_of(version)
    partners = list(
        Partner.objects.filter(
            id__in=signing_partners(version.program_id).values("partner_id")
        ).order_by("name", "id")[:PREVIEW_PARTNERS]
    )
    partner = next((p for p in partners if str(p.id) == request.GET.get("partner")), None)
    languages = [(code, str(name)) for code, name in settings.LANGUAGES if version.texts.get(code)]
    asked = request.GET.get("language") or get_language() or "en"
    shown = merged_for(version, partner=partner, language=asked, at=now)
    context: dict[str, Any] = {
        "version": version,
        "program": version.program,
        "former": former,
        "text": rendered(shown.text),
        "language": shown.language,
        "languages": languages,
        "partners": partners,
        "partner": partner,
        "changes": changes_between(
            former.texts.get(shown.language, ""), version.texts.get(shown.language, "")
        )
        if former
        else [],
        "problem": problem,
        "waiting": unsigned_count(version) if version.number else 0,
        "asked_count": 0 if version.number else signing_partners(version.program_id).count(),
        "may_edit": request.member.may(Capability.EDIT_PROGRAMS),
    }
    return render(request, "partners/agreements/version.html", context, status=status)


def _waiting(rows: QuerySet[Enrollment], newest: AgreementVersion) -> QuerySet[Enrollment]:
    signed = Acceptance.objects.filter(version_id=newest.id).values("partner_id")
    return rows.exclude(partner_id__in=signed)


def _tabs(program: Program, current: str) -> list[Tab]:
    signatures = reverse("partners:agreement-signatures", args=[program.id])
    return [
        Tab(
            label=_("Versions"),
            url=reverse("partners:agreement-versions", args=[program.id]),
            current=current == "versions",
        ),
        Tab(label=_("Signatures"), url=signatures, current=current == "signatures"),
        Tab(label=_("Not signed"), url=f"{signatures}?state=waiting", current=current == "waiting"),
    ]


def _version(version_id: UUID) -> AgreementVersion:
    return get_object_or_404(
        AgreementVersion.objects.select_related("program", "published_by"), id=version_id
    )
