"""What a piece of work costs the processor: the claim "at once" without the load that others put on the box."""

import os


def processor_seconds() -> float:
    """Return the processor time of this process and of its children that ended, in seconds since their start."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system
