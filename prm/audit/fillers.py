"""What people's places, invitations, jobs and the portal itself are called in the audit trail."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext

from prm.accounts.capabilities import Role
from prm.accounts.models import Invitation, Membership
from prm.audit.subjects import Named, names
from prm.audit.values import choices_of
from prm.jobs.models import Job
from prm.jobs.selectors import job_label
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope

choices_of("membership", "roles", Role)


@names("membership", numbered=True)
def membership_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return the open tenant's people by the id of their place, with their partner."""
    rows = Membership.objects.filter(
        id__in=ids, tenant_id=current_scope().tenant_id
    ).select_related("user")
    return {str(row.id): Named(_of(row.user.get_full_name(), row.partner_name)) for row in rows}


@names("invitation")
def invitation_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return the invited addresses, with the partner they were invited to."""
    rows = Invitation.objects.filter(id__in=ids).values_list("id", "email", "partner_name")
    return {str(key): Named(_of(email, partner)) for key, email, partner in rows}


@names("job")
def job_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return what the jobs do."""
    rows = Job.objects.filter(id__in=ids).values_list("id", "kind")
    return {
        str(key): Named(job_label(kind), reverse("job-detail", kwargs={"job_id": key}))
        for key, kind in rows
    }


@names("tenant", numbered=True)
def tenant_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return the open tenant's own name."""
    rows = Tenant.objects.filter(id=current_scope().tenant_id).values_list("id", "name")
    return {
        str(key): Named(name, reverse("tenant-settings")) for key, name in rows if str(key) in ids
    }


def _of(name: str, partner: str) -> str:
    if not partner:
        return name
    return gettext("%(name)s, of %(partner)s") % {"name": name, "partner": partner}
