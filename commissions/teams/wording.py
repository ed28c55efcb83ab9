"""Shares in words."""

from collections.abc import Sequence

from django.utils.translation import gettext

from commissions.teams.models import TeamSplit
from commissions.teams.rules import WHOLE, parts
from prm.web.formats import money_text, percent_text


def shares_text(split: TeamSplit | None) -> str:
    """Return who gets what: "Giulia Ferrante 60%, Luca Conti 40%"; a sentence where nothing is shared out."""
    shares = sorted(split.shares.all(), key=lambda row: row.place) if split else []
    if not shares:
        return gettext("Nothing is shared out")
    return ", ".join(
        f"{row.user.name} {percent_text(row.share / WHOLE, digits=2)}" for row in shares
    )


def parts_text(minor: int, currency: str, team: Sequence[tuple[str, int]]) -> str:
    """Return an amount by people: "Giulia Ferrante €12.00, Luca Conti €8.00"; team: (name, ten-thousandths)."""
    amounts = parts(minor, [share for _, share in team])
    return ", ".join(
        f"{name} {money_text(part, currency)}"
        for (name, _), part in zip(team, amounts, strict=True)
    )
