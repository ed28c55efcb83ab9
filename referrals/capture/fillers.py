"""What capture adds to other slices' work and pages."""

from referrals.capture import forgetting, panels  # noqa: F401  they register themselves
from referrals.capture.privacy import guard_person
from referrals.pipeline.hooks import after_submit

after_submit(guard_person)
