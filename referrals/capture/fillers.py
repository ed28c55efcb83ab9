"""What capture adds to other slices' work and pages."""

from referrals.capture import (  # noqa: F401  they register themselves
    carrying,
    forgetting,
    panels,
    panels_receipts,
    whole,
)
from referrals.capture.asking import close_with_move
from referrals.capture.drafts import opened_values, sent_draft
from referrals.capture.privacy import guard_move, guard_person
from referrals.capture.receipts import issue_receipt
from referrals.intake.begun import closes_begun, opens_begun
from referrals.pipeline.hooks import after_move, after_submit, before_move

after_submit(guard_person)
before_move(guard_move)
after_submit(issue_receipt)
after_move(close_with_move)
opens_begun(opened_values)
closes_begun(sent_draft)
