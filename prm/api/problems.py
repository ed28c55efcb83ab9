"""What is answered when a call cannot be done: RFC 9457 problems, in the caller's language."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext, ngettext

CONTENT_TYPE = "application/problem+json"


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field; field is a path like "contact.email", empty for the whole body."""

    field: str
    message: str


class Problem(Exception):
    """A call that is refused: HTTP status, a code that never changes, and words for people."""

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        *,
        detail: str = "",
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}")
        self.status, self.code, self.title, self.detail = status, code, title, detail
        self.errors, self.headers = list(errors), dict(headers or {})

    def answer(self) -> HttpResponse:
        """Return the problem as a response."""
        body: dict[str, Any] = {
            "type": problem_type(self.code),
            "title": self.title,
            "status": self.status,
            "code": self.code,
        }
        if self.detail:
            body["detail"] = self.detail
        if self.errors:
            body["errors"] = [
                {"field": error.field, "message": error.message} for error in self.errors
            ]
        response = JsonResponse(body, status=self.status, content_type=CONTENT_TYPE)
        for name, value in self.headers.items():
            response.headers[name] = value
        return response


def problem_type(code: str) -> str:
    """Return the address that explains a code, on the tenant's own page about the API."""
    try:
        return f"{reverse('api-docs')}#{code}"
    except NoReverseMatch:
        return "about:blank"


def unauthorised() -> Problem:
    """No key, or one that is unknown, expired or revoked; which of them is nobody's business."""
    return Problem(
        401,
        "unauthorised",
        gettext("This call needs a valid API key"),
        detail=gettext(
            "Send it in the header “Authorization: Bearer prm_…”, never in the address."
        ),
        headers={"WWW-Authenticate": 'Bearer realm="api"'},
    )


def insufficient_scope(scope: str) -> Problem:
    """The key lives, and may not do this."""
    return Problem(
        403,
        "insufficient-scope",
        gettext("This API key may not do that"),
        detail=gettext("The call needs a key with the right “%(scope)s”.") % {"scope": scope},
        headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'},
    )


def not_found() -> Problem:
    """Nothing here, or nothing that this key can see."""
    return Problem(404, "not-found", gettext("There is nothing at this address"))


def method_not_allowed() -> Problem:
    """The address exists, the method does not."""
    return Problem(405, "method-not-allowed", gettext("This address does not take this method"))


def not_json() -> Problem:
    """The body cannot be read."""
    return Problem(400, "not-json", gettext("The body is not valid JSON"))


def invalid(errors: Iterable[FieldError]) -> Problem:
    """Fields that must be mended before the call is sent again."""
    return Problem(422, "invalid", gettext("Some fields need another value"), errors=errors)


def too_many(seconds: int) -> Problem:
    """The key, or the address, has asked too often."""
    words = ngettext(
        "Wait %(seconds)s second, then send it again.",
        "Wait %(seconds)s seconds, then send it again.",
        seconds,
    )
    return Problem(
        429,
        "too-many-requests",
        gettext("Too many calls"),
        detail=words % {"seconds": seconds},
        headers={"Retry-After": str(seconds)},
    )


def failed() -> Problem:
    """Something broke here; nothing was written."""
    return Problem(
        500,
        "failed",
        gettext("Something broke on our side"),
        detail=gettext("Nothing was written. Send the same call again later."),
    )


Words = Callable[[Mapping[str, Any]], str]
_MOMENT: Words = lambda _c: gettext("Give a moment with its zone, like 2026-11-22T10:00:00Z")  # noqa: E731
_WHOLE: Words = lambda _c: gettext("Give a whole number, without quotes or decimals")  # noqa: E731
_OBJECT: Words = lambda _c: gettext("Give an object")  # noqa: E731
_TEXT: Words = lambda _c: gettext("Give a text in quotes")  # noqa: E731
_ID: Words = lambda _c: gettext("Give an id like 0190a0a0-0000-7000-8000-000000000001")  # noqa: E731
_WORDS: dict[str, Words] = {
    "missing": lambda _c: gettext("This field is needed"),
    "extra_forbidden": lambda _c: gettext("There is no such field"),
    "string_type": _TEXT,
    "too_long": lambda c: (
        gettext("Use at most %(most)s characters") % {"most": c.get("max_length", "")}
    ),
    "too_short": lambda _c: gettext("This field may not be empty"),
    "string_pattern_mismatch": lambda _c: gettext("This is not written in the right form"),
    "bool_type": lambda _c: gettext("Give true or false"),
    "greater_than": lambda c: gettext("Give a number above %(limit)s") % {"limit": c.get("gt", "")},
    "greater_than_equal": lambda c: gettext("Give %(limit)s or more") % {"limit": c.get("ge", "")},
    "less_than_equal": lambda c: gettext("Give %(limit)s or less") % {"limit": c.get("le", "")},
    "literal_error": lambda c: (
        gettext("Give one of these: %(known)s")
        % {"known": str(c.get("expected", "")).replace("'", "").replace(" or ", ", ")}
    ),
    "union_tag_invalid": lambda c: (
        gettext("Give one of these: %(known)s")
        % {"known": str(c.get("expected_tags", "")).replace("'", "")}
    ),
    "union_tag_not_found": lambda _c: gettext("This field is needed"),
}
_FAMILIES: tuple[tuple[str, Words], ...] = (
    ("int_", _WHOLE),
    ("datetime_", _MOMENT),
    ("timezone_", _MOMENT),
    ("uuid_", _ID),
    ("dict_", _OBJECT),
    ("model_", _OBJECT),
)


def message_of(kind: str, context: Mapping[str, Any], otherwise: str) -> str:
    """Return the words for one of pydantic's kinds of error, in the active language."""
    if kind == "value_error":
        return str(context.get("error", otherwise))
    kind = kind.removeprefix("string_") if kind.startswith("string_too") else kind
    words = _WORDS.get(kind) or next(
        (found for start, found in _FAMILIES if kind.startswith(start)), None
    )
    return words(context) if words else gettext("This value cannot be used")


def field_errors(errors: Iterable[Mapping[str, Any]], tags: Iterable[str] = ()) -> list[FieldError]:
    """Return pydantic's errors as field errors; the names of parameters and of union members are left out."""
    skipped = {"body", "query", "path", "header", "payload", *tags}
    found = []
    for error in errors:
        path = list(error["loc"])
        while path and path[0] in skipped:
            path.pop(0)
        if error["type"].startswith("union_tag") and not path:
            path = ["type"]
        context = error.get("ctx") or {}
        found.append(
            FieldError(
                ".".join(str(part) for part in path),
                message_of(error["type"], context, str(error.get("msg", ""))),
            )
        )
    return found
