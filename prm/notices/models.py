"""What people are told: portal notices, mails and their states, preferences."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from prm.accounts.models import User
from prm.tenancy.models import TenantModel


class MailState(models.TextChoices):
    """The life of a mail."""

    QUEUED = "queued", _("Waiting")
    SENDING = "sending", _("Sending")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Not delivered")


class OutgoingMail(models.Model):
    """A mail to one recipient, rendered and logged before it leaves; sent at least once, with a stable Message-ID."""

    id = models.BigAutoField(primary_key=True)
    to = models.EmailField()
    sender = models.CharField(max_length=200, blank=True)
    reply_to = models.EmailField(blank=True)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField(blank=True)
    language = models.CharField(max_length=8, default="en")
    message_id = models.CharField(max_length=120)
    state = models.CharField(max_length=8, choices=MailState.choices, default=MailState.QUEUED)
    attempts = models.IntegerField(default=0)
    next_attempt_at = models.DateTimeField(db_default=Now())
    # A worker owns a sending mail until then; afterwards another may take it over.
    leased_until = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)
    queued_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.subject} ({self.state})"


class Mail(TenantModel, OutgoingMail):
    """A mail of a tenant to a member; `key` lets a repeat find the first."""

    key = models.CharField(max_length=120)
    kind = models.CharField(max_length=40)
    user = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    partner_id = models.UUIDField(null=True, blank=True)

    class Meta:
        db_table = "prm_mail"
        constraints = [models.UniqueConstraint(fields=["tenant", "key"], name="mail_key_once")]
        indexes = [
            models.Index(fields=["tenant", "-id"], name="mail_newest"),
            models.Index(
                fields=["tenant", "next_attempt_at"],
                name="mail_due",
                condition=Q(state__in=["queued", "sending"]),
            ),
        ]


class AccountMail(OutgoingMail):
    """A mail about signing in; it belongs to a person, not to a tenant, and its text is dropped once sent."""

    class Meta:
        db_table = "prm_account_mail"
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="account_mail_due",
                condition=Q(state__in=["queued", "sending"]),
            ),
        ]


class Notice(TenantModel):
    """A line in a person's notification centre; its words are made from kind and facts in the reader's language."""

    id = models.BigAutoField(primary_key=True)
    key = models.CharField(max_length=120)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    partner_id = models.UUIDField(null=True, blank=True)
    kind = models.CharField(max_length=40)
    facts = models.JSONField(default=dict)
    # Path inside the tenant, without its slug.
    path = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "prm_notice"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "user", "key"], name="notice_key_once")
        ]
        indexes = [
            models.Index(fields=["tenant", "user", "-id"], name="notice_newest"),
            models.Index(
                fields=["tenant", "user"], name="notice_unread", condition=Q(read_at=None)
            ),
        ]

    def __str__(self) -> str:
        return self.kind


class NoticePreference(TenantModel):
    """A person's choice for one kind of notice in one tenant; no row means the kind's default."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=40)
    by_email = models.BooleanField()
    in_portal = models.BooleanField(default=True)

    class Meta:
        db_table = "prm_notice_preference"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "user", "kind"], name="notice_preference_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.by_email}"
