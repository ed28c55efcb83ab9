"""Objects that URLs name, by kind; the generated isolation test makes one of each per tenant and partner."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from prm.accounts.models import User
from prm.tenancy.models import Tenant


@dataclass(frozen=True)
class Cast:
    """For whom an object is made: inside the tenant's open scope, belonging to `partner` where it belongs to one."""

    tenant: Tenant
    # partners.directory.models.Partner; Any because the builders below it load lazily
    partner: Any
    rep: User
    partner_admin: User
    manager: User
    finance: User
    second_finance: User
    admin: User


Builder = Callable[[Cast], Any]
BUILDERS: dict[str, Builder] = {}


def builds(kind: str) -> Callable[[Builder], Builder]:
    """Register what makes one object of a kind and returns the value that goes into the URL."""

    def register(builder: Builder) -> Builder:
        if kind in BUILDERS:
            raise ValueError(f"{kind} has a builder already")
        BUILDERS[kind] = builder
        return builder

    return register
