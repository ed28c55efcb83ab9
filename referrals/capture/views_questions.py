"""Questions about a referral: asked by the vendor, answered in the portal or by the mailed link."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs, public
from prm.accounts.members import MemberRequest
from prm.accounts.models import Membership, User
from prm.events.services import Actor
from prm.web.htmx import hx_redirect, redirect_to
from referrals.capture.asking import (
    QuestionClosed,
    QuestionOpen,
    ReferralOver,
    answer_question,
    ask_question,
    open_question,
    question_of,
    withdraw_question,
)
from referrals.capture.bounds import limited
from referrals.capture.forms_questions import AnswerForm, QuestionForm
from referrals.capture.models import Question
from referrals.pipeline.models import Referral

ANSWERS_AN_HOUR = 60


@require_http_methods(["GET", "POST"])
@needs(Capability.DECIDE_REFERRALS)
def question_ask(request: MemberRequest, referral_id: UUID) -> HttpResponse:
    """Ask the partner something before deciding."""
    referral = _visible(request, referral_id)
    form = QuestionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            ask_question(
                referral_id=referral.id,
                text=form.cleaned_data["text"],
                actor=request.member.actor,
                at=timezone.now(),
            )
        except QuestionOpen:
            form.add_error(None, gettext("Another question waits for its answer already."))
        except ReferralOver:
            form.add_error(None, gettext("This referral has ended."))
        else:
            messages.success(
                request, gettext("Question sent. Your clock stands still until the answer")
            )
            return _to_staff_page(request, referral)
    context = {"form": form, "referral": referral}
    return render(
        request, "referrals/capture/ask.html", context, status=422 if form.errors else 200
    )


@require_POST
@needs(Capability.DECIDE_REFERRALS)
def question_withdraw(request: MemberRequest, referral_id: UUID) -> HttpResponse:
    """Do without the answer."""
    referral = _visible(request, referral_id)
    question = open_question(referral.id)
    if question is not None:
        withdraw_question(question_id=question.id, actor=request.member.actor, at=timezone.now())
    return _to_staff_page(request, referral)


@require_http_methods(["GET", "POST"])
@needs(Capability.SEE_OWN_REFERRALS)
def question_answer(request: MemberRequest, referral_id: UUID) -> HttpResponse:
    """Answer the open question of an own referral."""
    referral = _visible(request, referral_id)
    question = open_question(referral.id)
    if question is None:
        messages.info(request, gettext("There is no open question"))
        return _to_own_page(request, referral)
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        _answered(question, form, request.member.actor, by_link=False)
        messages.success(request, gettext("Answer sent"))
        return _to_own_page(request, referral)
    context = {"form": form, "referral": referral, "question": question}
    return render(
        request, "referrals/capture/answer.html", context, status=422 if form.errors else 200
    )


@require_http_methods(["GET", "POST"])
@public("the mailed link answers one question for one person, until it is answered or expires")
@limited("answer", most=ANSWERS_AN_HOUR)
def question_answer_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """Answer without a login."""
    found = question_of(token)
    if found is None:
        raise Http404
    question, user_id = found
    person = _still_there(question, user_id)
    if person is None or not question.is_open or timezone.now() > question.link_until:
        return render(
            request,
            "referrals/capture/answer_over.html",
            {"question": question, "answered": question.answered_at is not None},
            status=200 if question.answered_at else 410,
        )
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        _answered(question, form, Actor(person.id, name=str(person)), by_link=True)
        return redirect_to(request, reverse("referrals:answer-by-link", kwargs={"token": token}))
    context = {"form": form, "question": question, "referral": question.referral, "person": person}
    response = render(
        request,
        "referrals/capture/answer_by_link.html",
        context,
        status=422 if form.errors else 200,
    )
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _still_there(question: Question, user_id: int) -> User | None:
    """Return the person of a link while they still work for the partner."""
    places = Membership.objects.filter(
        user_id=user_id, partner_id=question.partner_id, ended_at=None, user__is_active=True
    )
    place = places.select_related("user").first()
    return place.user if place else None


def _answered(question: Question, form: AnswerForm, actor: Actor, *, by_link: bool) -> None:
    """Keep the answer; of two at the same moment the first one counts."""
    try:
        answer_question(
            question_id=question.id,
            text=form.cleaned_data["text"],
            actor=actor,
            at=timezone.now(),
            by_link=by_link,
        )
    except QuestionClosed:
        return


def _visible(request: MemberRequest, referral_id: UUID) -> Referral:
    return get_object_or_404(Referral.objects.visible_to(request.member), id=referral_id)


def _to_staff_page(request: MemberRequest, referral: Referral) -> HttpResponse:
    return hx_redirect(request, "referrals:manage-referral-detail", referral_id=referral.id)


def _to_own_page(request: MemberRequest, referral: Referral) -> HttpResponse:
    return hx_redirect(request, "referrals:referral-detail", referral_id=referral.id)
