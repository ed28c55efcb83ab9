"""What people are told: the notification centre, preferences, one-click stop, and the mailbox of a trial."""

from csp.decorators import csp_exempt
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs, public
from prm.accounts.members import MemberRequest
from prm.notices.forms import PreferencesForm
from prm.notices.kinds import kind_named
from prm.notices.links import read_token
from prm.notices.mailbox import opened_mail, stored_mails
from prm.notices.selectors import notice_lines, notices_of, preference_lines, unread_count
from prm.notices.services import mark_read, set_preferences, stop_mails
from prm.web.htmx import redirect_to, render_part
from prm.web.paging import keyset_page
from prm.web.parts import Tab

# Mails may carry their own styles; nothing else is allowed to load or run.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)


@require_safe
@needs(Capability.OWN_ACCOUNT)
def notice_list(request: MemberRequest) -> HttpResponse:
    """Show what the person was told, newest first."""
    only_unread = request.GET.get("view") == "unread"
    notices = notices_of(request.member)
    unread = unread_count(request.member.user_id, request.member.partner_id)
    shown = notices.filter(read_at=None) if only_unread else notices
    page = keyset_page(
        shown, params=request.GET, orders={"newest": ("id",)}, default="-newest", bound=None
    )
    here = reverse("notice-list")
    tabs = [
        Tab(_("All"), here, current=not only_unread),
        Tab(
            _("Unread"), f"{here}?view=unread", current=only_unread, count=unread, hot=bool(unread)
        ),
    ]
    context = {
        "page": page,
        "lines": notice_lines(page.rows),
        "tabs": tabs,
        "unread": unread,
        "only_unread": only_unread,
    }
    return render_part(request, "prm/notices/list.html", context)


@require_safe
@needs(Capability.OWN_ACCOUNT)
def notice_open(request: MemberRequest, notice_id: int) -> HttpResponse:
    """Mark a notice read and go to the page it speaks of."""
    notice = get_object_or_404(notices_of(request.member), id=notice_id)
    mark_read(user_id=request.member.user_id, notice_id=notice.id, at=timezone.now())
    root = reverse("start").removesuffix("start/")
    return redirect_to(
        request, root + notice.path.lstrip("/") if notice.path else reverse("notice-list")
    )


@require_POST
@needs(Capability.OWN_ACCOUNT)
def notice_read(request: MemberRequest) -> HttpResponse:
    """Mark one notice read, or all."""
    given = request.POST.get("notice", "")
    chosen = int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None
    if given and chosen is None:
        raise Http404
    mark_read(user_id=request.member.user_id, notice_id=chosen, at=timezone.now())
    return redirect_to(request, reverse("notice-list"))


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.OWN_ACCOUNT)
def notice_preferences(request: MemberRequest) -> HttpResponse:
    """Let the person choose what reaches them, and how."""
    lines = preference_lines(user_id=request.member.user_id, staff=request.member.is_staff)
    form = PreferencesForm(request.POST if request.method == "POST" else None, lines=lines)
    if form.is_bound and form.is_valid():
        set_preferences(user_id=request.member.user_id, choices=form.choices)
        messages.success(request, _("Your choices are saved."))
        return redirect_to(request, reverse("notice-preferences"))
    return render(request, "prm/notices/preferences.html", {"form": form})


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@public("a signed link from a mail; reading it changes nothing")
def notice_unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Stop one kind of mail for the person a mail went to; mail programs post here by themselves."""
    asked, tenant = read_token(token), request.tenant  # type: ignore[attr-defined]
    if asked is None or asked.tenant_id != tenant.id or kind_named(asked.kind).mandatory:
        raise Http404
    done = request.method == "POST"
    if done:
        stop_mails(user_id=asked.user_id, kind=asked.kind)
    context = {"kind": kind_named(asked.kind), "done": done, "token": token}
    response = render(request, "prm/notices/unsubscribe.html", context)
    response.headers["Cache-Control"] = "private, no-store"
    return response


@require_safe
@public("only where the installation writes mail to files for everybody to try")
def mailbox(request: HttpRequest) -> HttpResponse:
    """List the mails that this installation wrote to files instead of sending them."""
    _only_where_shown()
    return _unkept(render(request, "prm/notices/mailbox.html", {"mails": stored_mails()}))


@require_safe
@public("only where the installation writes mail to files for everybody to try")
def mailbox_mail(request: HttpRequest, name: str) -> HttpResponse:
    """Show one of these mails: headers and text here, the HTML in a frame of its own."""
    _only_where_shown()
    mail = opened_mail(name)
    if mail is None:
        raise Http404
    return _unkept(render(request, "prm/notices/mailbox_mail.html", {"mail": mail}))


@csp_exempt()
@require_safe
@public("only where the installation writes mail to files for everybody to try")
def mailbox_html(request: HttpRequest, name: str) -> HttpResponse:
    """Show a mail's HTML as a page of its own: sandboxed, nothing loads, nothing runs."""
    _only_where_shown()
    mail = opened_mail(name)
    if mail is None or not mail.html:
        raise Http404
    response = HttpResponse(mail.html)
    response.headers["Content-Security-Policy"] = MAIL_POLICY
    return _unkept(response)


def _only_where_shown() -> None:
    if not settings.MAILBOX or not hasattr(settings, "EMAIL_FILE_PATH"):
        raise Http404


def _unkept(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "private, no-store"
    return response
