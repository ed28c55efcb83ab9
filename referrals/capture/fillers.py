"""What capture adds to other slices' work and pages."""

from referrals.capture import forgetting, panels  # noqa: F401  they register themselves
from referrals.capture.drafts import opened_values, sent_draft
from referrals.capture.privacy import guard_person
from referrals.intake.begun import closes_begun, opens_begun
from referrals.pipeline.hooks import after_submit

after_submit(guard_person)
opens_begun(opened_values)
closes_begun(sent_draft)
