"""The settings of workers whose broker waits a moment only before it gives a message to another one."""

from prm.settings import *  # noqa: F403  all of them
from prm.settings import CELERY_BROKER_TRANSPORT_OPTIONS as AS_ALWAYS

CELERY_BROKER_TRANSPORT_OPTIONS = {
    **AS_ALWAYS,
    "visibility_timeout": 2,
    "unacked_restore_interval": 0.5,
}
CELERY_IMPORTS = ["tests.commissions.payouts.small_chunks"]
