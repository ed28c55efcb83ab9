"""The API of a tenant: its calls, and what every refusal looks like."""

import json
from typing import Annotated, Any, NoReturn

import structlog
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Body, NinjaAPI, Router
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser

from prm.api.auth import CallerRequest, KeyWith
from prm.api.problems import Problem, failed, field_errors, invalid, not_found, not_json
from prm.api.referrals import PROBLEMS
from prm.api.referrals import router as referral_router
from prm.api.replays import answer
from prm.api.reporting import reported
from prm.api.rules import Scope
from prm.api.schemas import EVENT_TYPES, EventIn, EventOut
from prm.tenancy.middleware import note_failure

logger = structlog.get_logger(__name__)
# What a call may weigh; the longest honest one is a tenth of it.
MOST_BYTES = 200_000


class StrictParser(Parser):
    """JSON as the standard has it: neither NaN nor Infinity, nor nests without end."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Return the body. Raises Problem."""
        if len(request.body) > MOST_BYTES:
            raise not_json()
        try:
            return json.loads(request.body, parse_constant=_refuse)
        except (ValueError, RecursionError):
            raise not_json() from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


api = NinjaAPI(
    title="Partner portal",
    version="1",
    description="Send referrals, follow them, and report leads, sales, renewals and refunds.",
    docs_url=None,
    openapi_url="/openapi.json",
    urls_namespace="api",
    parser=StrictParser(),
)
events = Router(tags=["Events"])


@events.post(
    "/events",
    auth=KeyWith(Scope.WRITE_EVENTS),
    response={200: EventOut, 201: EventOut, **PROBLEMS},
    url_name="event-report",
    operation_id="report_event",
    summary="Report a lead, sale, renewal or refund",
)
def report(request: HttpRequest, payload: Annotated[EventIn, Body()]) -> HttpResponse:
    """The event's own id makes it count once: the same id again is answered as the first time and changes nothing.

    What comes too early (a refund before its sale) is told so with 409 and can be sent again.
    """
    call: CallerRequest = request  # type: ignore[assignment]
    text, replayed = reported(call, payload, at=timezone.now())
    return answer(200 if replayed else 201, text, replayed=replayed)


api.add_router("", referral_router)
api.add_router("", events)


@api.exception_handler(Problem)
def on_problem(_request: HttpRequest, problem: Problem) -> HttpResponse:
    """Answer a refusal as it stands."""
    return problem.answer()


@api.exception_handler(ValidationError)
def on_invalid(_request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Answer what does not fit the shapes, field by field."""
    return invalid(field_errors(error.errors, EVENT_TYPES)).answer()


@api.exception_handler(Http404)
def on_missing(_request: HttpRequest, _error: Http404) -> HttpResponse:
    """Answer that there is nothing."""
    return not_found().answer()


@api.exception_handler(HttpError)
def on_unreadable(_request: HttpRequest, _error: HttpError) -> HttpResponse:
    """Answer a body that the library could not read."""
    return not_json().answer()


@api.exception_handler(Exception)
def on_failure(request: HttpRequest, error: Exception) -> HttpResponse:
    """Answer that it broke here, and take back what was written."""
    logger.error("api_call_failed", exc_info=error)
    note_failure(request, error)
    return failed().answer()
