"""Keys as their page shows them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F

from prm.api.forms import SCOPE_CHOICES
from prm.api.models import ApiKey
from prm.api.services import makers_still_may


@dataclass(frozen=True)
class ListedKey:
    """A key and why it works or not: state is "live", "expired", "revoked" or "left"."""

    key: ApiKey
    state: str
    rights: str

    @property
    def is_live(self) -> bool:
        """Whether calls with it are answered."""
        return self.state == "live"


def keys_of(partner_id: UUID | None, *, at: datetime) -> list[ListedKey]:
    """Return the keys of a partner, or for None the vendor's own: live ones first, then newest; two queries."""
    rows = list(
        ApiKey.objects.filter(partner_id=partner_id)
        .select_related("made_by")
        .order_by(F("revoked_at").desc(nulls_first=True), "-made_at", "-id")[:200]
    )
    able = makers_still_may(rows)
    words = dict(SCOPE_CHOICES)
    return [
        ListedKey(
            row, _state(row, able, at), ", ".join(str(words.get(one, one)) for one in row.scopes)
        )
        for row in rows
    ]


def _state(key: ApiKey, able: set[UUID], at: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    if not key.is_live(at):
        return "expired"
    return "live" if key.id in able else "left"
