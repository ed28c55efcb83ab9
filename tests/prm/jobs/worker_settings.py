"""The settings, and the slow job that only a test's worker knows."""

from prm.settings import *  # noqa: F403  all of them

CELERY_IMPORTS = ["tests.prm.jobs.slow_runner"]
