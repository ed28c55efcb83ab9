"""The head of the audit trail, kept where whoever changes the database cannot reach: in people's mail."""

from datetime import datetime

from prm.accounts.capabilities import Capability
from prm.accounts.selectors import people_who_may
from prm.events.seals import chain_head
from prm.notices.services import notify


def publish_head(*, at: datetime) -> int:
    """Send the open tenant's chain head to everybody who may read the trail; return to how many.

    The same head is sent to a person once. A later `verify_audit --head position:hash` proves that nothing before it
    was cut off or rewritten.
    """
    position, chain = chain_head()
    people = people_who_may(Capability.SEE_AUDIT) if position else []
    for user_id in people:
        notify(
            kind="audit.head",
            key=f"audit.head:{position}",
            user_id=user_id,
            facts={"position": position, "chain": chain},
            path="manage/audit/",
            at=at,
        )
    return len(people)
