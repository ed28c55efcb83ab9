"""Read the key of a call before the tenant's scope is opened; a browser's session counts for nothing there."""

from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from prm.api.auth import Caller
from prm.api.limits import CALLS_PER_MINUTE, counted
from prm.api.problems import method_not_allowed, not_found, too_many
from prm.api.services import use_key
from prm.tenancy.scope import tenant_scope
from prm.web.limits import is_within

Handler = Callable[[HttpRequest], HttpResponse]
API_PATH = "/api/v1/"
# Wrong keys from one address; who guesses 256 bits at this pace needs longer than the sun has.
WRONG_KEYS, WRONG_SECONDS = 30, 600
ANSWERS = {404: not_found, 405: method_not_allowed}


class ApiKeyMiddleware:
    """Set request.caller for calls under /api/v1/; TenantScopeMiddleware then opens the scope of the key's partner."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        tenant = request.tenant  # type: ignore[attr-defined]
        if tenant is None or not request.path_info.startswith(API_PATH):
            return self.get_response(request)
        # Whoever is signed in in the same browser is not who calls: no page can make a call for them.
        request.member = None  # type: ignore[attr-defined]
        request.caller = None  # type: ignore[attr-defined]
        response = self._answer(request, tenant.id)
        if response.status_code in ANSWERS and "json" not in response.headers["Content-Type"]:
            response = ANSWERS[response.status_code]().answer()
        response.headers["Cache-Control"] = "no-store"
        response.headers.setdefault("Vary", "Authorization, Accept-Language")
        return response

    def _answer(self, request: HttpRequest, tenant_id: int) -> HttpResponse:
        secret = _secret(request)
        if not secret:
            return self.get_response(request)
        # A transaction of its own: the use is noted also when the call is refused, and no call waits for another's.
        with tenant_scope(tenant_id):
            caller = use_key(secret=secret, at=timezone.now())
        if caller is None:
            if not is_within(request, what="api-key", most=WRONG_KEYS, seconds=WRONG_SECONDS):
                return too_many(WRONG_SECONDS).answer()
            return self.get_response(request)
        return self._counted(request, caller)

    def _counted(self, request: HttpRequest, caller: Caller) -> HttpResponse:
        structlog.contextvars.bind_contextvars(api_key_id=str(caller.key_id))
        count = counted(caller.key_id, what="call", most=CALLS_PER_MINUTE, window=60)
        if count.within:
            request.caller = caller  # type: ignore[attr-defined]
            response = self.get_response(request)
        else:
            response = too_many(count.seconds).answer()
        count.mark(response)
        return response


def _secret(request: HttpRequest) -> str:
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if kind.lower() == "bearer" else ""
