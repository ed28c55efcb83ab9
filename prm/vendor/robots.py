"""What search engines may read: the public directory and the public pages of programs, nothing else."""

from contextlib import suppress

from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_safe

from prm.accounts.guards import public

OPEN = ("directory/", "join/")


@public("search engines ask before they read")
@require_safe
def robots_txt(request: HttpRequest) -> HttpResponse:
    """Answer robots.txt: a longer line wins over a shorter one, so the open paths win over the closed whole."""
    lines = ["User-agent: *", "Disallow: /"]
    for path in OPEN:
        lines += [f"Allow: /{path}", f"Allow: /*/{path}"]
    if getattr(request, "tenant", None) is not None:
        with suppress(NoReverseMatch):
            lines.append(f"Sitemap: {request.build_absolute_uri(reverse('partners:sitemap'))}")
    response = HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response
