"""The same call twice has one effect and one answer."""

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpResponse
from django.utils.translation import gettext

from prm.api.auth import CallerRequest
from prm.api.models import IdempotencyKey
from prm.api.problems import Problem
from prm.tenancy.scope import current_scope

_KEY = re.compile(r"^[\x21-\x7e]{1,200}$")
Answer = tuple[int, dict[str, Any]]


def answered_once(request: CallerRequest, work: Callable[[], Answer]) -> HttpResponse:
    """Do the work under the call's Idempotency-Key, or give the answer that the key's first call was given.

    The answer is written in the transaction of the effect; calls with one key wait for each other. Work that raises
    leaves the key unused. Raises Problem: 400 without a usable key, 422 when the key was used for another call.
    """
    key = request.headers.get("Idempotency-Key", "")
    if not _KEY.match(key):
        raise Problem(
            400,
            "idempotency-key-needed",
            gettext("This call needs the header Idempotency-Key"),
            detail=gettext(
                "Make one for each thing you send, such as a UUID, and repeat it with every retry."
            ),
        )
    api_key_id, digest = request.caller.key_id, digest_of(request)
    wait_for_others(f"{api_key_id}:{key}")
    first = IdempotencyKey.objects.filter(api_key_id=api_key_id, key=key).first()
    if first is not None:
        if first.request_digest != digest:
            raise key_reused(gettext("This Idempotency-Key was used for another call"))
        return answer(first.status, first.body, replayed=True)
    status, body = work()
    text = json.dumps(body)
    IdempotencyKey.objects.create(
        api_key_id=api_key_id,
        partner_id=request.caller.partner_id,
        key=key,
        request_digest=digest,
        status=status,
        body=text,
    )
    return answer(status, text)


def digest_of(request: CallerRequest) -> str:
    """Return the SHA-256 of method, path and body in hex."""
    start = f"{request.method} {request.path_info}\n".encode()
    return hashlib.sha256(start + request.body).hexdigest()


def wait_for_others(name: str) -> None:
    """Let calls about one thing in the tenant wait for each other until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_advisory_xact_lock(hashtextextended(%s, %s))",
            [name, current_scope().tenant_id],
        )


def key_reused(title: str) -> Problem:
    """A key or an id that names one thing came back with another."""
    return Problem(422, "key-reused", title)


def answer(status: int, text: str, *, replayed: bool = False) -> HttpResponse:
    """Return a JSON text as a response; a replayed one says so in a header."""
    response = HttpResponse(text, status=status, content_type="application/json")
    if replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response
