"""Make, take back and use the keys of programs."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from prm.accounts.capabilities import Capability, capabilities_of
from prm.accounts.models import Membership
from prm.api.auth import Caller
from prm.api.models import ApiKey, IdempotencyKey
from prm.api.rules import PARTNER_SCOPES, Scope, new_secret, secret_digest, shown_prefix
from prm.events.services import Actor, emit
from prm.tenancy.scope import current_scope

USED_EVERY = timedelta(minutes=1)
# Longer than the day that clients are promised.
ANSWERS_KEPT = timedelta(days=3)


class WrongScope(ValueError):
    """A key would get no right at all, or one that its owner cannot give."""


class KeyMade(ValueError):
    """The form was sent before, and the secret shown then."""


@transaction.atomic
def make_key(
    *,
    key_id: UUID,
    name: str,
    partner_id: UUID | None,
    scopes: frozenset[str],
    made_by_id: int,
    expires_at: datetime | None,
    actor: Actor,
    at: datetime,
) -> tuple[ApiKey, str]:
    """Make a key and return it with its secret, which is nowhere else and cannot be shown again.

    key_id: made with the form; a form sent twice raises KeyMade, since the secret was shown already.
    partner_id: the partner whose key it is, None for the vendor's own systems. expires_at: aware UTC, None for never.
    Raises WrongScope, KeyMade. Emits api_key.made.
    """
    allowed = PARTNER_SCOPES if partner_id else frozenset(Scope)
    if not scopes or not scopes <= allowed:
        raise WrongScope(", ".join(sorted(scopes - allowed)))
    secret = new_secret()
    try:
        with transaction.atomic():
            key = ApiKey.objects.create(
                id=key_id,
                name=name.strip(),
                partner_id=partner_id,
                prefix=shown_prefix(secret),
                secret_digest=secret_digest(secret),
                scopes=sorted(scopes),
                made_by_id=made_by_id,
                made_at=at,
                expires_at=expires_at,
            )
    except IntegrityError as error:
        # Not looked for before: another partner's key is out of sight, and its id is taken all the same.
        raise KeyMade(str(key_id)) from error
    _tell("api_key.made", key, actor, at)
    return key, secret


@transaction.atomic
def revoke_key(*, key_id: UUID, actor: Actor, at: datetime) -> ApiKey:
    """Stop a key for ever, from the next call on; a repeat writes nothing.

    Raises ApiKey.DoesNotExist. Emits api_key.revoked.
    """
    key = ApiKey.objects.select_for_update().get(id=key_id)
    if key.revoked_at is None:
        key.revoked_at = at
        key.save(update_fields=["revoked_at"])
        _tell("api_key.revoked", key, actor, at)
    return key


def use_key(*, secret: str, at: datetime) -> Caller | None:
    """Return who calls with a secret in the open tenant, and note to the minute that the key was used.

    None for a secret that is unknown, of another tenant, expired or revoked, and for one whose maker may no longer
    make keys: somebody who left takes theirs along.
    """
    if not shown_prefix(secret):
        return None
    key = ApiKey.objects.filter(secret_digest=secret_digest(secret)).first()
    if key is None or not key.is_live(at) or not makers_still_may([key]):
        return None
    if key.last_used_at is None or at - key.last_used_at >= USED_EVERY:
        ApiKey.objects.filter(id=key.id).update(last_used_at=at)
    return Caller(key.id, key.name, key.partner_id, frozenset(key.scopes), key.made_by_id)


def makers_still_may(keys: list[ApiKey]) -> set[UUID]:
    """Return the ids of those keys whose maker still works where the key belongs and may make keys; one query."""
    places = Membership.objects.filter(
        tenant_id=current_scope().tenant_id,
        user_id__in={key.made_by_id for key in keys},
        user__is_active=True,
        ended_at=None,
    ).values_list("user_id", "partner_id", "roles")
    able = {
        (user_id, partner_id)
        for user_id, partner_id, roles in places
        if (Capability.MANAGE_TEAM if partner_id else Capability.EDIT_TENANT)
        in capabilities_of(roles)
    }
    return {key.id for key in keys if (key.made_by_id, key.partner_id) in able}


def clear_answers(*, at: datetime) -> int:
    """Delete the answers to calls of more than three days ago in the open tenant; return how many."""
    return IdempotencyKey.objects.filter(created_at__lt=at - ANSWERS_KEPT).delete()[0]


def _tell(name: str, key: ApiKey, actor: Actor, at: datetime) -> None:
    emit(
        name,
        subject=f"api_key:{key.id}",
        actor=actor,
        partner_id=key.partner_id,
        payload={"api_key_id": str(key.id), "scopes": key.scopes},
        at=at,
        queue=False,
    )
