"""Files of a referral: added, given out to those who see the referral, taken away."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.uploads.responses import send
from prm.uploads.services import UploadRefused
from prm.web.htmx import redirect_to
from referrals.capture.files import (
    MAX_FILES,
    TooManyFiles,
    add_file,
    files_of,
    may_remove,
    remove_file,
)
from referrals.capture.forms_files import FileForm
from referrals.capture.models import ReferralFile
from referrals.pipeline.models import Referral


@require_http_methods(["GET", "POST"])
@needs(Capability.SEE_OWN_REFERRALS, Capability.DECIDE_REFERRALS)
def file_add(request: MemberRequest, referral_id: UUID) -> HttpResponse:
    """Add a file to a referral."""
    referral = _visible(request, referral_id)
    staff = request.member.is_staff
    form = FileForm(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
        staff=staff,
    )
    if request.method == "POST" and form.is_valid():
        try:
            add_file(
                referral_id=referral.id,
                file=form.cleaned_data["file"],
                internal=form.internal,
                actor=request.member.actor,
                at=timezone.now(),
            )
        except UploadRefused as refused:
            form.add_error("file", refused.words)
        except TooManyFiles:
            words = gettext("A referral holds %(count)s files at most. Remove one first.")
            form.add_error(None, words % {"count": MAX_FILES})
        else:
            return _back(request, referral)
    context = {"form": form, "referral": referral, "back_url": referral_url(referral, staff=staff)}
    return render(
        request, "referrals/capture/file_add.html", context, status=422 if form.errors else 200
    )


@require_safe
@needs(Capability.SEE_OWN_REFERRALS, Capability.SEE_REFERRALS)
def file_get(request: MemberRequest, referral_id: UUID, file_id: UUID) -> HttpResponse:
    """Give a file out, as an attachment; what the scanner holds back is not there."""
    return send(_file(request, referral_id, file_id).upload, request=request)


@require_POST
@needs(Capability.SEE_OWN_REFERRALS, Capability.DECIDE_REFERRALS)
def file_remove(request: MemberRequest, referral_id: UUID, file_id: UUID) -> HttpResponse:
    """Take a file away."""
    file = _file(request, referral_id, file_id)
    if not may_remove(file, request.member):
        raise Http404
    remove_file(file_id=file.id, actor=request.member.actor, at=timezone.now())
    return _back(request, _visible(request, referral_id))


def referral_url(referral: Referral, *, staff: bool) -> str:
    """Return the address of a referral's page for the reader."""
    name = "manage-referral-detail" if staff else "referral-detail"
    return reverse(f"referrals:{name}", kwargs={"referral_id": referral.id})


def _file(request: MemberRequest, referral_id: UUID, file_id: UUID) -> ReferralFile:
    referral = _visible(request, referral_id)
    return get_object_or_404(files_of(referral.id, request.member), id=file_id)


def _visible(request: MemberRequest, referral_id: UUID) -> Referral:
    return get_object_or_404(Referral.objects.visible_to(request.member), id=referral_id)


def _back(request: MemberRequest, referral: Referral) -> HttpResponse:
    return redirect_to(request, referral_url(referral, staff=request.member.is_staff) + "#files")
