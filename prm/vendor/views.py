"""Pages of the vendor's settings and look, and the files that carry the look."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs, public
from prm.accounts.members import MemberRequest
from prm.tenancy.models import Tenant
from prm.vendor import services
from prm.vendor.forms import LookForm, SettingsForm
from prm.vendor.rules import foreground_on
from prm.vendor.tabs import settings_tabs
from prm.web.htmx import hx_redirect

UNPROCESSABLE = 422
FOR_EVER = "public, max-age=31536000, immutable"
# Without a version in the address the answer may be out of date at once.
ASK_AGAIN = "public, max-age=300"


@needs(Capability.EDIT_TENANT)
def tenant_settings(request: MemberRequest) -> HttpResponse:
    """Show and change what the vendor says about itself."""
    tenant = request.tenant
    initial = {name: getattr(tenant, name) for name in services.EDITABLE}
    form = SettingsForm(request.POST or None, initial={**initial, "domain": tenant.domain or ""})
    if request.method == "POST" and form.is_valid():
        try:
            services.edit_settings(
                tenant_id=tenant.id,
                settings=form.cleaned_data,
                actor=request.member.actor,
                at=timezone.now(),
            )
        except services.DomainTaken:
            form.add_error("domain", _("Another vendor uses this host name"))
        else:
            messages.success(request, _("The settings are saved"))
            return hx_redirect(request, "tenant-settings")
    context = {"form": form, "tabs": settings_tabs("settings")}
    return render(
        request, "prm/vendor/settings.html", context, status=UNPROCESSABLE if form.is_bound else 200
    )


@needs(Capability.EDIT_TENANT)
def tenant_branding(request: MemberRequest) -> HttpResponse:
    """Show and change colour and logo, with how well text reads on the colour."""
    tenant = request.tenant
    sent = request.method == "POST"
    form = LookForm(
        request.POST if sent else None,
        request.FILES if sent else None,
        initial={"accent": tenant.accent},
    )
    if sent and form.is_valid():
        services.edit_look(
            tenant_id=tenant.id,
            accent=form.cleaned_data["accent"],
            logo=form.new_logo,
            actor=request.member.actor,
            at=timezone.now(),
        )
        messages.success(request, _("The look is published"))
        return hx_redirect(request, "tenant-branding")
    reads = foreground_on(tenant.accent)
    context = {
        "form": form,
        "tabs": settings_tabs("look"),
        "contrast": f"{reads.ratio:.1f}",
        "dark_text": reads.foreground != "#ffffff",
    }
    return render(
        request, "prm/vendor/look.html", context, status=UNPROCESSABLE if form.is_bound else 200
    )


@public("the colours of the vendor, also before signing in")
@require_safe
def brand_css(request: HttpRequest) -> HttpResponse:
    """Answer the tenant's colours as a style sheet; browsers keep it while its version is in the address."""
    tenant: Tenant = request.tenant  # type: ignore[attr-defined]
    css = f"@layer tokens {{ :root {{ --accent: {tenant.accent}; --accent-fg: {tenant.accent_foreground}; }} }}\n"
    return _kept(
        HttpResponse(css, content_type="text/css; charset=utf-8"), request, tenant.brand_version
    )


@public("the logo of the vendor, also before signing in")
@require_safe
def brand_logo(request: HttpRequest) -> HttpResponse:
    """Answer the tenant's logo, a PNG of our own making."""
    tenant: Tenant = request.tenant  # type: ignore[attr-defined]
    if not tenant.logo_digest:
        return redirect(static("img/favicon.svg"))
    return _kept(
        HttpResponse(bytes(tenant.logo), content_type="image/png"), request, tenant.logo_digest
    )


def _kept(response: HttpResponse, request: HttpRequest, version: str) -> HttpResponse:
    response.headers["Cache-Control"] = FOR_EVER if request.GET.get("v") == version else ASK_AGAIN
    return response
