"""A receipt's page and files for the partner, and the public page that verifies one."""

import json
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs, public
from prm.accounts.members import MemberRequest
from prm.tenancy.links import tenant_url
from prm.web.formats import moment_text
from prm.web.limits import is_within
from referrals.capture.models import Receipt
from referrals.capture.receipt_rules import LONGEST, Unreadable, read
from referrals.capture.receipts import (
    Verdict,
    receipt_code,
    receipt_file,
    tenant_keys,
    verdict_on,
)
from referrals.pipeline.models import Referral
from referrals.sharing.qr import qr_svg

CHECKS, CHECK_SECONDS = 60, 600


def _own(request: MemberRequest, referral_id: UUID) -> tuple[Receipt, Referral]:
    referral = get_object_or_404(Referral.objects.visible_to(request.member), id=referral_id)
    receipt = Receipt.objects.filter(referral_id=referral.id).first()
    if receipt is None:
        raise Http404
    return receipt, referral


def said_in_words(said: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the signed fields as terms and values of the reader's language; digests stay as they are."""
    terms = {
        "receipt": gettext("Receipt"),
        "referral": gettext("Referral"),
        "partner": gettext("Partner"),
        "vendor": gettext("Received by"),
        "received_at": gettext("Received at"),
        "company": gettext("Fingerprint of the company"),
        "facts": gettext("Fingerprint of all that was sent"),
    }
    return [(words, _shown(name, said[name])) for name, words in terms.items() if name in said]


def _shown(name: str, value: Any) -> str:
    if name == "received_at":
        moment = parse_datetime(str(value))
        return moment_text(moment) if moment else str(value)
    return str(value)


@require_safe
@needs(Capability.SEE_OWN_REFERRALS, Capability.SEE_REFERRALS)
def receipt(request: MemberRequest, referral_id: UUID) -> HttpResponse:
    """Show a receipt to be printed, with a code that leads to its verification."""
    found, referral = _own(request, referral_id)
    code = receipt_code(found)
    page = tenant_url(request.tenant, "referrals:receipt-verify")
    name = (
        "referrals:manage-referral-detail"
        if request.member.is_staff
        else "referrals:referral-detail"
    )
    context = {
        "receipt": found,
        "referral": referral,
        "said": said_in_words(json.loads(found.body)),
        "code": code,
        "qr": qr_svg(f"{page}?{urlencode({'code': code})}", inline=True),
        "verify_url": page,
        "back_url": reverse(name, kwargs={"referral_id": referral.id}),
    }
    return render(request, "referrals/capture/receipt.html", context)


@require_safe
@needs(Capability.SEE_OWN_REFERRALS, Capability.SEE_REFERRALS)
def receipt_json(request: MemberRequest, referral_id: UUID) -> HttpResponse:
    """Give the receipt as a file that programs read."""
    found, referral = _own(request, referral_id)
    file = receipt_file(found, referral, staff=request.member.is_staff)
    response = JsonResponse(file, json_dumps_params={"indent": 2})
    response.headers["Content-Disposition"] = f'attachment; filename="{found.number}.json"'
    return response


@require_safe
@needs(Capability.SEE_OWN_REFERRALS, Capability.SEE_REFERRALS)
def receipt_text(request: MemberRequest, referral_id: UUID) -> HttpResponse:
    """Give the receipt's code as a file of one line."""
    found, _referral = _own(request, referral_id)
    response = HttpResponse(receipt_code(found) + "\n", content_type="text/plain; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{found.number}.txt"'
    return response


class VerifyForm(forms.Form):
    """A receipt's code or file."""

    code = forms.CharField(
        label=_("Code of the receipt"),
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 5, "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("It begins with PRR1. The contents of the JSON file work, too."),
    )
    file = forms.FileField(label=_("Or its file"), required=False, widget=forms.FileInput)

    def clean(self) -> dict[str, Any]:
        """Read what was given; the file counts before the code."""
        given: dict[str, Any] = super().clean() or {}
        upload = given.get("file")
        try:
            text = upload.read(LONGEST + 1).decode() if upload else given.get("code", "")
            given["receipt"] = read(text)
        except (Unreadable, UnicodeDecodeError):
            self.add_error(
                "code", gettext("This is no receipt. Paste the whole code, from PRR1 to its end.")
            )
        return given


@public("whoever holds a receipt may verify it, without a login")
@require_http_methods(["GET", "POST"])
def receipt_verify(request: HttpRequest) -> HttpResponse:
    """Say whether a receipt is as the vendor signed it, and what was signed."""
    asked = request.POST if request.method == "POST" else request.GET
    given = request.method == "POST" or "code" in request.GET
    if given and not is_within(request, what="verify-receipt", most=CHECKS, seconds=CHECK_SECONDS):
        response = render(request, "429.html", status=429)
        response.headers["Retry-After"] = str(CHECK_SECONDS)
        return response
    form = VerifyForm(asked, request.FILES) if given else VerifyForm()
    verdict: Verdict | None = None
    if given and form.is_valid():
        verdict = verdict_on(form.cleaned_data["receipt"])
    context = {
        "form": form,
        "verdict": verdict,
        "said": said_in_words(verdict.said) if verdict else [],
        "keys": tenant_keys(request.tenant.id),  # type: ignore[attr-defined]
    }
    status = 422 if given and verdict is None else 200
    return render(request, "referrals/capture/verify.html", context, status=status)
