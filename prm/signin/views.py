"""Where a person goes after signing in."""

from django.http import HttpRequest, HttpResponse

from prm.accounts.guards import public


@public("sends everybody to their own page")
def start(request: HttpRequest) -> HttpResponse:
    """Send the person on."""
    return HttpResponse("start")
