"""Referrals by email: a person's own address, and the door through which the mail server hands messages in."""

from django.contrib import messages
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from partners.directory.moves import tenant_day
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs, public
from prm.accounts.members import MemberRequest
from prm.web.confirm import Question, asked_first
from prm.web.htmx import hx_redirect
from referrals.capture.mail_in import (
    TooManyMails,
    is_signed,
    make_mail_address,
    own_address,
    revoke_mail_address,
    take_mail,
    takes_mail,
    written_out,
)
from referrals.intake.selectors import programs_open_to

RETRY_SECONDS = "3600"


@require_POST
@needs(Capability.SUBMIT_REFERRAL)
def mail_address_new(request: MemberRequest) -> HttpResponse:
    """Give the person an address for the program that the form names, else the first."""
    at = timezone.now()
    programs = programs_open_to(request.member.own_partner_id, day=tenant_day(at))
    if not takes_mail():
        messages.error(request, gettext("This portal takes no referrals by email"))
        return hx_redirect(request, "referrals:draft-list")
    if not programs:
        messages.error(request, gettext("Your company takes part in no program that is open"))
        return hx_redirect(request, "referrals:draft-list")
    wanted = request.POST.get("program", "")
    program = next((row for row in programs if str(row.id) == wanted), programs[0])
    make_mail_address(program_id=program.id, member=request.member, at=at)
    messages.success(request, gettext("Your address is ready"))
    return hx_redirect(request, "referrals:draft-list")


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.SUBMIT_REFERRAL)
def mail_address_end(request: MemberRequest) -> HttpResponse:
    """Stop the person's address."""
    address, back = own_address(request.member), reverse("referrals:draft-list")
    if address is not None and takes_mail():
        question = Question(
            heading=gettext("Stop your mail address"),
            facts=[(gettext("Address"), written_out(address))],
            points=[
                gettext("What is sent there from then on goes nowhere."),
                gettext("Drafts that came from it stay."),
                gettext("You can get another address at any time; it will not be this one."),
            ],
            submit=gettext("Stop address"),
            back_url=back,
            crumbs=[
                (gettext("Referrals"), reverse("referrals:referral-list")),
                (gettext("Drafts"), back),
            ],
        )
        if page := asked_first(request, question):
            return page
        revoke_mail_address(member=request.member, at=timezone.now())
        messages.success(request, gettext("The address has stopped"))
    return hx_redirect(request, "referrals:draft-list")


@csrf_exempt
@require_POST
@public("the mail server's signature decides")
def mail_in(request: HttpRequest) -> HttpResponse:
    """Take a MIME message. 202 for every signed one, whoever it is for; the sender learns nothing of addresses."""
    if not takes_mail():
        return HttpResponse(status=400)
    try:
        body = request.body
    except RequestDataTooBig:
        return HttpResponse(status=413)
    at, recipient = timezone.now(), request.headers.get("X-Mail-Recipient", "")[:320]
    signed = is_signed(
        signature=request.headers.get("X-Mail-Signature", ""),
        stamp=request.headers.get("X-Mail-Timestamp", ""),
        recipient=recipient,
        body=body,
        at=at,
    )
    if not signed:
        return HttpResponse(status=400)
    try:
        take_mail(raw=body, recipient=recipient, at=at)
    except TooManyMails:
        return HttpResponse(status=429, headers={"Retry-After": RETRY_SECONDS})
    return HttpResponse(status=202)
