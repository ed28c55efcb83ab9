"""Who takes a course: a partner's person with a login, or an applicant who has none yet."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from prm.accounts.members import Member
from prm.events.services import Actor


@dataclass(frozen=True)
class Learner:
    """One person who learns; either user_id or application_id is set.

    language: in which courses are read, and certificates printed. program_id: of an applicant's program; courses of
    other programs are then out of sight.
    """

    user_id: int | None
    application_id: UUID | None
    partner_id: UUID | None
    name: str
    language: str
    program_id: UUID | None = None

    @property
    def is_self(self) -> Q:
        """The condition that finds this learner's rows."""
        if self.user_id is not None:
            return Q(user_id=self.user_id)
        return Q(application_id=self.application_id)

    @property
    def actor(self) -> Actor:
        """Who does what the learner does."""
        kind = "person" if self.user_id is not None else "applicant"
        return Actor(user_id=self.user_id, kind=kind, name=self.name)


def learner_of(member: Member, language: str) -> Learner:
    """Return the learner that a partner's person is. Raises LookupError for staff."""
    return Learner(member.user_id, None, member.own_partner_id, member.name, language)
