"""The search over everything a person may see."""

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.search.selectors import SHORTEST, found
from prm.web.filters import search_words
from prm.web.htmx import render_part


@require_safe
@needs(Capability.OWN_ACCOUNT)
def search(request: MemberRequest) -> HttpResponse:
    """Show what the words name, kind by kind."""
    words = search_words(request.GET)
    groups = found(request.member, words, only=request.GET.get("only", ""))
    count = sum(len(group.hits) for group in groups)
    say = ngettext("%(count)s result", "%(count)s results", count) % {"count": count}
    context = {
        "words": words,
        "groups": groups,
        "asked": len(words) >= SHORTEST,
        "hint": _hint(request),
    }
    return render_part(request, "prm/search/search.html", context, say=say if words else "")


def _hint(request: MemberRequest) -> str:
    if request.member.is_staff:
        return _("A company, a partner, a person, or the number of a referral or statement")
    return _("A company, or the number of a referral or statement")
