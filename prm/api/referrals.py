"""Referrals in calls: sent, listed, read, and asked about before they are sent."""

import base64
import binascii
import json
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from django.db.models import F, QuerySet, Value
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from ninja import Query, Router

from prm.api.auth import Caller, CallerRequest, KeyWith
from prm.api.checking import availability
from prm.api.limits import CHECKS_PER_HOUR, counted
from prm.api.problems import FieldError, invalid, not_found, too_many
from prm.api.replays import Answer, answered_once
from prm.api.rules import Scope
from prm.api.schemas import CheckIn, CheckOut, ProblemOut, ReferralIn, ReferralList, ReferralOut
from prm.api.submitting import partner_of, submitted
from prm.tenancy.scope import current_scope
from prm.web.paging import RowBefore
from referrals.pipeline.masking import contact_of
from referrals.pipeline.models import Referral, StageKind

router = Router(tags=["Referrals"])
PROBLEMS = dict.fromkeys((400, 401, 403, 409, 422, 429), ProblemOut)
MOST = 100


def referral_out(referral: Referral) -> dict[str, Any]:
    """Return a referral as calls show it; stage and program must be loaded. Contacts are covered as on pages."""
    deal = referral.deal_minor
    contact = contact_of(referral, staff=current_scope().partner_id is None)
    return {
        "id": str(referral.id),
        "number": referral.number,
        "status": referral.stage_kind,
        "stage": referral.stage.label,
        "under_review": referral.held_at is not None and referral.declined_at is None,
        "company": referral.company,
        "website": referral.website,
        "country": referral.country,
        "contact": {
            "name": contact.name,
            "email": contact.email,
            "title": contact.title,
            "phone": contact.phone,
        },
        "program": referral.program.slug,
        "partner": str(referral.partner_id),
        "lead_id": referral.external_id,
        "deal": None if deal is None else {"amount_minor": deal, "currency": referral.currency},
        **{
            name: _moment(getattr(referral, name))
            for name in (
                "registered_at",
                "answer_due_at",
                "decided_at",
                "protected_until",
                "closed_at",
            )
        },
        "next_step": referral.next_step,
    }


def seen_by(caller: Caller) -> "QuerySet[Referral]":
    """Return the referrals that a key may see; row-level security says the same once more."""
    rows = Referral.objects.select_related("stage", "program")
    return rows.filter(partner_id=caller.partner_id) if caller.partner_id else rows


@router.post(
    "/referrals",
    auth=KeyWith(Scope.WRITE_REFERRALS),
    response={201: ReferralOut, **PROBLEMS},
    url_name="referral-submit",
    operation_id="submit_referral",
    summary="Submit a referral",
    openapi_extra={
        "parameters": [
            {
                "in": "header",
                "name": "Idempotency-Key",
                "required": True,
                "schema": {"type": "string", "maxLength": 200},
                "description": "Made by you for each referral and sent again with every retry.",
            }
        ]
    },
)
def submit(request: HttpRequest, payload: ReferralIn) -> HttpResponse:
    """The same service as the form. The same Idempotency-Key again gives the first answer and writes nothing."""
    call: CallerRequest = request  # type: ignore[assignment]

    def work() -> Answer:
        made = submitted(call, payload, at=timezone.now())
        return 201, referral_out(seen_by(call.caller).get(id=made.id))

    return answered_once(call, work)


@router.get(
    "/referrals",
    auth=KeyWith(Scope.READ_REFERRALS),
    response={200: ReferralList, **PROBLEMS},
    url_name="referral-list",
    operation_id="list_referrals",
    summary="List referrals",
)
def listed(
    request: HttpRequest,
    after: Annotated[str, Query(max_length=200)] = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = 25,
    status: Annotated[str, Query(max_length=20)] = "",
    program: Annotated[str, Query(max_length=60)] = "",
) -> dict[str, Any]:
    """Newest first. Follow `next` to the end: rows that come meanwhile neither shift the pages nor appear twice."""
    caller: Caller = request.caller  # type: ignore[attr-defined]
    rows = seen_by(caller)
    if status:
        if status not in StageKind.values:
            known = ", ".join(StageKind.values)
            words = gettext("Give one of these: %(known)s") % {"known": known}
            raise invalid([FieldError("status", words)])
        rows = rows.filter(stage_kind=status)
    if program:
        rows = rows.filter(program__slug=program)
    if after:
        place = [Value(value) for value in _place(after)]
        rows = rows.filter(RowBefore([F("registered_at"), F("id")], place, "<"))
    found = list(rows.order_by("-registered_at", "-id")[: limit + 1])
    page = found[:limit]
    return {
        "items": [referral_out(row) for row in page],
        "next": _cursor(page[-1]) if len(found) > limit else None,
    }


@router.get(
    "/referrals/{uuid:referral_id}",
    auth=KeyWith(Scope.READ_REFERRALS),
    response={200: ReferralOut, 404: ProblemOut, **PROBLEMS},
    url_name="referral-read",
    operation_id="read_referral",
    summary="Read one referral",
)
def read(request: HttpRequest, referral_id: UUID) -> dict[str, Any]:
    """Where it stands, and by when it is answered. Another partner's referral is not there."""
    caller: Caller = request.caller  # type: ignore[attr-defined]
    referral = seen_by(caller).filter(id=referral_id).first()
    if referral is None:
        raise not_found()
    return referral_out(referral)


@router.post(
    "/check",
    auth=KeyWith(Scope.WRITE_REFERRALS),
    response={200: CheckOut, **PROBLEMS},
    url_name="check",
    operation_id="check_company",
    summary="Ask whether a company can be registered",
)
def check(request: HttpRequest, payload: CheckIn) -> dict[str, str]:
    """The same words for every reason, and never whose the company is.

    Asked at most sixty times an hour, by a partner no more often in a day than its program allows.

    """
    call: CallerRequest = request  # type: ignore[assignment]
    if not any(text.strip() for text in (payload.website, payload.email, payload.tax_id)):
        words = gettext("Give a website, an email address or a tax number")
        raise invalid([FieldError("website", words)])
    partner_id = partner_of(call, payload.partner)
    count = counted(call.caller.key_id, what="check", most=CHECKS_PER_HOUR, window=3600)
    if not count.within:
        raise too_many(count.seconds)
    answer = availability(payload, caller=call.caller, partner_id=partner_id, at=timezone.now())
    return {"answer": answer}


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None


def _cursor(row: Referral) -> str:
    text = json.dumps([row.registered_at.isoformat(), str(row.id)])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _place(cursor: str) -> tuple[datetime, UUID]:
    """Return the place that a cursor names. Raises Problem: a wrong one would start the list again, for ever."""
    try:
        moment, key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return datetime.fromisoformat(moment).astimezone(UTC), UUID(key)
    except (binascii.Error, ValueError, TypeError, AttributeError, OverflowError):
        raise invalid(
            [FieldError("after", gettext("Give the value of “next” of the page before"))]
        ) from None
