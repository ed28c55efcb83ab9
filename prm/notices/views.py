"""What people are told: the notification centre, preferences, one-click stop."""

from django.http import HttpRequest, HttpResponse

from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs, public


@needs(Capability.OWN_ACCOUNT)
def notice_list(request: HttpRequest) -> HttpResponse:
    return HttpResponse("")


@needs(Capability.OWN_ACCOUNT)
def notice_read(request: HttpRequest) -> HttpResponse:
    return HttpResponse("")


@needs(Capability.OWN_ACCOUNT)
def notice_open(request: HttpRequest, notice_id: int) -> HttpResponse:
    return HttpResponse("")


@needs(Capability.OWN_ACCOUNT)
def notice_preferences(request: HttpRequest) -> HttpResponse:
    return HttpResponse("")


@public("a signed link from a mail")
def notice_unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    return HttpResponse("")
