"""How capture treats drafts, questions and the person referred; pure."""

from dataclasses import dataclass
from datetime import timedelta

# A mailed question answers without a login for so long; an answer after that needs the portal.
ANSWER_LINK_LIFE = timedelta(days=14)
MAX_DRAFTS = 50
# What a partner did not bring itself: the author's own form, or the vendor's people.
NOT_BROUGHT_BY_PARTNER = frozenset({"link", "coupon", "staff"})


@dataclass(frozen=True)
class Privacy:
    """How a program treats the person referred. tells: a Telling's value; basis empty: the usual words."""

    tells: str = "always"
    basis: str = ""
    shares_contacts: bool = False


def pseudonym_of(digest: str) -> str:
    """Return what an erased person is called everywhere: the same for the same digest, "Person 7F3A"."""
    return f"Person {digest[:4].upper()}"


def is_own_name(company_norm: str, person_norm: str) -> bool:
    """Tell whether a company goes by its person's name, such as "Studio Anna Bianchi" of Anna Bianchi.

    Both folded as referrals.pipeline.rules.normalised_company does; a person known by one word only never matches.
    """
    words = person_norm.split()
    return len(words) > 1 and set(words) <= set(company_norm.split())
