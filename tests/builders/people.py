"""Builders of tenants and people."""

from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from prm.accounts.capabilities import Role
from prm.accounts.models import Membership, User
from prm.tenancy.models import Tenant
from prm.tenancy.services import create_tenant

PASSWORD = "correct horse battery"


def a_tenant(slug: str, **fields: Any) -> Tenant:
    """Make a tenant with believable settings."""
    return create_tenant(
        slug=slug, **{"name": slug.capitalize(), "time_zone": "Europe/Amsterdam", **fields}
    )


def a_person(email: str, *, name: str = "", **fields: Any) -> User:
    """Make a person with a verified address and the test password."""
    user = User.objects.filter(email=email).first()
    if user is None:
        user = User.objects.create_user(
            email, PASSWORD, name=name or email.partition("@")[0].title(), **fields
        )
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def a_member(
    tenant: Tenant,
    role: Role,
    email: str,
    *,
    name: str = "",
    partner_id: UUID | None = None,
    partner_name: str = "",
    **fields: Any,
) -> User:
    """Make a person and their place in the tenant; partner roles need a partner."""
    user = a_person(email, name=name)
    Membership.objects.create(
        tenant=tenant,
        user=user,
        roles=[role],
        partner_id=partner_id,
        partner_name=partner_name,
        **fields,
    )
    return user


def members_at_once(*people: tuple[Tenant, Role, str, str]) -> list[User]:
    """Make people who are not there yet, and the place on a vendor's staff of each: (tenant, role, email, name)."""
    password = make_password(PASSWORD)
    users = User.objects.bulk_create(
        User(email=email, name=name, password=password) for _tenant, _role, email, name in people
    )
    EmailAddress.objects.bulk_create(
        EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in users
    )
    Membership.objects.bulk_create(
        Membership(tenant=tenant, user=user, roles=[role])
        for user, (tenant, role, _email, _name) in zip(users, people, strict=True)
    )
    return users
