"""What stands around a referral's coming in: signed links, receipts, drafts, questions, files, privacy, bulk files."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from partners.directory.models import Partner
from partners.programs.models import Program
from prm.accounts.models import User
from prm.tenancy.models import PublicTenantModel, TenantForeignKey, TenantModel
from prm.uploads.models import Upload
from referrals.pipeline.models import Referral


class SubmitLink(PublicTenantModel):
    """A secret address with which one named colleague of a partner sends referrals without a login."""

    partner = TenantForeignKey(Partner)
    program = TenantForeignKey(Program)
    person_name = models.CharField(max_length=120)
    # Of the address's secret, which referrals.capture.submit_links.token_of makes anew from the row.
    token_digest = models.CharField(max_length=64)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    used_count = models.IntegerField(default=0)

    class Meta:
        db_table = "referrals_submit_link"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "token_digest"], name="submit_link_token_once"
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "partner", "-made_at", "-id"], name="submit_link_newest")
        ]

    def __str__(self) -> str:
        return self.person_name

    def is_live(self, at: datetime) -> bool:
        """Tell whether it is neither revoked nor expired at a moment (aware UTC)."""
        return self.revoked_at is None and at < self.expires_at


class Receipt(PublicTenantModel):
    """What the vendor signed when a referral came in; never changed. `body` is the exact text that was signed."""

    referral = TenantForeignKey(Referral)
    partner_id = models.UUIDField()
    number = models.CharField(max_length=24)
    issued_at = models.DateTimeField()
    # JSON with sorted keys and without blanks: digests and numbers, nobody's personal data.
    body = models.TextField()
    # Ed25519 over `body`, in base64url, and the id of the key that verifies it.
    signature = models.CharField(max_length=88)
    key_id = models.CharField(max_length=16)

    class Meta:
        db_table = "referrals_receipt"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "referral"], name="receipt_referral_once"),
            models.UniqueConstraint(fields=["tenant", "number"], name="receipt_number_once"),
        ]

    def __str__(self) -> str:
        return self.number


class Draft(PublicTenantModel):
    """A referral that somebody has begun to write; gone once it is sent or thrown away."""

    partner = TenantForeignKey(Partner)
    program = TenantForeignKey(Program)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    company = models.CharField(max_length=160, blank=True)
    # What the person's email says, so that an erasure finds the draft.
    email_norm = models.CharField(max_length=254, blank=True)
    # The form's fields as they were typed, valid or not.
    values = models.JSONField(default=dict)
    # The referral that was taken back to become this draft.
    recalled_from = TenantForeignKey(Referral, null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    saved_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "referrals_draft"
        indexes = [
            models.Index(
                fields=["tenant", "partner", "owner", "-saved_at", "-id"], name="draft_newest"
            ),
            models.Index(
                fields=["tenant", "email_norm"], name="draft_email", condition=~Q(email_norm="")
            ),
        ]

    def __str__(self) -> str:
        return self.company or str(self.id)


class MailAddress(PublicTenantModel):
    """A secret mail address of one person of a partner: what is sent to it becomes a draft of theirs."""

    partner = TenantForeignKey(Partner)
    program = TenantForeignKey(Program)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    # Of the secret part before the @, which referrals.capture.mail_in makes anew from the row.
    code_digest = models.CharField(max_length=64)
    made_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "referrals_mail_address"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "code_digest"], name="mail_address_once"),
            models.UniqueConstraint(
                fields=["tenant", "partner", "owner"],
                name="mail_address_of_person",
                condition=Q(revoked_at=None),
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class MailReceived(TenantModel):
    """A message that came to an address and became a draft; its digest makes it count once."""

    id = models.BigAutoField(primary_key=True)
    partner_id = models.UUIDField()
    address = TenantForeignKey(MailAddress)
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        db_table = "referrals_mail_received"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "address", "digest"], name="mail_received_once"
            )
        ]
        indexes = [models.Index(fields=["tenant", "address", "-at"], name="mail_received_newest")]

    def __str__(self) -> str:
        return self.digest[:12]


class Question(PublicTenantModel):
    """What the vendor wants to know before it decides; the referral's clock stands still until the answer."""

    referral = TenantForeignKey(Referral)
    partner_id = models.UUIDField()
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    text = models.TextField()
    asked_at = models.DateTimeField()
    # The promised moment that was running when the question was asked; it moves on by the time the answer took.
    due_before = models.DateTimeField(null=True, blank=True)
    # Until when the mailed link answers without a login.
    link_until = models.DateTimeField()
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # Whether the answer came by the mailed link.
    by_link = models.BooleanField(default=False)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "referrals_question"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "referral"],
                name="question_open_once",
                condition=Q(answered_at=None, withdrawn_at=None),
            )
        ]
        indexes = [
            models.Index(fields=["tenant", "referral", "asked_at", "id"], name="question_timeline")
        ]

    def __str__(self) -> str:
        return self.text[:40]

    @property
    def is_open(self) -> bool:
        """Whether an answer is still wanted."""
        return self.answered_at is None and self.withdrawn_at is None


class ReferralFile(PublicTenantModel):
    """A file kept with a referral; an internal one is never shown to the partner."""

    referral = TenantForeignKey(Referral)
    partner_id = models.UUIDField()
    upload = TenantForeignKey(Upload)
    internal = models.BooleanField(default=False)
    added_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    added_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "referrals_file"
        indexes = [
            models.Index(fields=["tenant", "referral", "added_at", "id"], name="file_newest")
        ]

    def __str__(self) -> str:
        return str(self.upload_id)


class Telling(models.TextChoices):
    """When the person referred is told."""

    ALWAYS = "always", _("As soon as somebody refers them")
    ACCEPTED = "accepted", _("When the referral is accepted")
    NEVER = "never", _("Never by this portal")


class PrivacyRules(TenantModel):
    """How one program treats the person referred; no row means the defaults of referrals.capture.rules.Privacy."""

    id = models.BigAutoField(primary_key=True)
    program = TenantForeignKey(Program)
    tells = models.CharField(max_length=8, choices=Telling.choices, default=Telling.ALWAYS)
    # The lawful basis in the vendor's words; empty: its legitimate interest, as the notice explains it.
    basis = models.CharField(max_length=400, blank=True)
    # Whether partners see contact details that they did not type themselves.
    shares_contacts = models.BooleanField(default=False)

    class Meta:
        db_table = "referrals_privacy_rules"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "program"], name="privacy_rules_once")
        ]

    def __str__(self) -> str:
        return self.tells


class PrivacyNotice(PublicTenantModel):
    """What one person referred was told about one referral, and what they asked for."""

    referral = TenantForeignKey(Referral)
    partner_id = models.UUIDField()
    # Keyed digest of the normalised address: says whether it is the same person, never who.
    email_digest = models.CharField(max_length=64)
    language = models.CharField(max_length=8)
    told_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True, blank=True)
    objected_at = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "referrals_privacy_notice"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "referral"], name="privacy_notice_once")
        ]

    def __str__(self) -> str:
        return str(self.referral_id)


class PrivacyDeed(models.TextChoices):
    """What happened with a person's data."""

    TOLD = "told", _("Notice sent")
    SEEN = "seen", _("Page opened by the person")
    OBJECTED = "objected", _("Objection received")
    ERASED = "erased", _("Personal data erased")


class PrivacyEntry(TenantModel):
    """A line of the log of a person's notices and requests; never changed, holds no personal data."""

    id = models.BigAutoField(primary_key=True)
    referral = TenantForeignKey(Referral)
    partner_id = models.UUIDField()
    deed = models.CharField(max_length=8, choices=PrivacyDeed.choices)
    at = models.DateTimeField()
    actor = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # What it changed, in counts by kind of row.
    effect = models.JSONField(default=dict)

    class Meta:
        db_table = "referrals_privacy_entry"
        indexes = [
            models.Index(fields=["tenant", "referral", "at", "id"], name="privacy_entry_timeline")
        ]

    def __str__(self) -> str:
        return self.deed


class SuppressedPerson(TenantModel):
    """Somebody who must not be referred again; known by a keyed digest of the address alone."""

    id = models.BigAutoField(primary_key=True)
    email_digest = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        db_table = "referrals_suppressed_person"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "email_digest"], name="suppressed_once")
        ]

    def __str__(self) -> str:
        return self.email_digest[:8]


class BulkSubmission(PublicTenantModel):
    """A partner's file of referrals: looked at first, then sent row by row. The file goes once it is done."""

    partner = TenantForeignKey(Partner)
    program = TenantForeignKey(Program)
    file_name = models.CharField(max_length=160)
    # In plain form, in private storage; empty once sent.
    stored = models.CharField(max_length=300, blank=True)
    row_count = models.IntegerField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField()
    job_id = models.UUIDField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    # Rows by what became of them: accepted, there_already, error.
    counts = models.JSONField(default=dict)

    class Meta:
        db_table = "referrals_bulk_submission"
        indexes = [
            models.Index(
                fields=["tenant", "partner", "-created_at", "-id"], name="bulk_submission_newest"
            )
        ]

    def __str__(self) -> str:
        return self.file_name
