"""Courses, their lessons and questions; who takes them, attempts, certificates."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from partners.directory.models import Partner
from partners.programs.models import Program
from prm.accounts.models import User
from prm.tenancy.models import PublicTenantModel, TenantForeignKey, TenantModel
from prm.uploads.models import Upload


class CourseState(models.TextChoices):
    """Whether people may take it."""

    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", _("Published")
    ARCHIVED = "archived", _("Archived")


class Course(PublicTenantModel):
    """Lessons in an order, and a quiz at the end when it has questions. Texts are {"en": …, "it": …}."""

    title = models.JSONField(default=dict)
    summary = models.JSONField(default=dict, blank=True)
    # Null: partners of every program.
    program = TenantForeignKey(Program, null=True, blank=True)
    # Only partners of this type; empty: all.
    partner_type = models.CharField(max_length=12, blank=True)
    state = models.CharField(max_length=9, choices=CourseState.choices, default=CourseState.DRAFT)
    # Applicants and partners who may not yet do anything else can take it too.
    open_to_applicants = models.BooleanField(default=False)
    # Per cent of the questions to pass, how many are drawn (0: all), attempts (0: no limit), hours between them.
    pass_percent = models.IntegerField(default=80)
    draw_count = models.IntegerField(default=0)
    max_attempts = models.IntegerField(default=3)
    retry_hours = models.IntegerField(default=0)
    # Learning time on the certificate, in minutes; months until it expires (null: never); no certificate when false.
    minutes = models.IntegerField(default=0)
    certificate_months = models.IntegerField(null=True, blank=True)
    gives_certificate = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "partners_course"
        indexes = [models.Index(fields=["tenant", "state", "-created_at"], name="course_newest")]

    def __str__(self) -> str:
        return str(self.id)


class LessonKind(models.TextChoices):
    """What a lesson is made of."""

    TEXT = "text", _("Text")
    VIDEO = "video", _("Video")
    DOCUMENT = "document", _("Document")


class Lesson(TenantModel):
    """One step of a course."""

    id = models.BigAutoField(primary_key=True)
    course = TenantForeignKey(Course)
    position = models.IntegerField()
    kind = models.CharField(max_length=8, choices=LessonKind.choices, default=LessonKind.TEXT)
    title = models.JSONField(default=dict)
    # {"en": markdown, …}; also the text beside a video or a document (its transcript).
    body = models.JSONField(default=dict, blank=True)
    file = TenantForeignKey(Upload, null=True, blank=True)
    minutes = models.IntegerField(default=5)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "partners_lesson"
        indexes = [models.Index(fields=["tenant", "course", "position"], name="lesson_order")]

    def __str__(self) -> str:
        return f"{self.course_id}/{self.position}"


class Question(TenantModel):
    """One question of a bank; a changed one is retired and a new one takes its place, so attempts keep theirs."""

    class Kind(models.TextChoices):
        SINGLE = "single", _("One right answer")
        MULTIPLE = "multiple", _("Several right answers")
        YES_NO = "yes_no", _("Right or wrong")

    id = models.BigAutoField(primary_key=True)
    course = TenantForeignKey(Course)
    position = models.IntegerField()
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.SINGLE)
    text = models.JSONField(default=dict)
    # [{"key": "a", "text": {"en": …}, "right": bool}]; never sent to a browser with "right".
    choices = models.JSONField(default=list)
    # Shown after the last attempt or a pass.
    explanation = models.JSONField(default=dict, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "partners_question"
        indexes = [models.Index(fields=["tenant", "course", "position"], name="question_order")]

    def __str__(self) -> str:
        return f"{self.course_id}/{self.position}"


class Taking(TenantModel):
    """One learner in one course: a partner's person, or an applicant without a login."""

    id = models.BigAutoField(primary_key=True)
    course = TenantForeignKey(Course)
    user = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    partner = TenantForeignKey(Partner, null=True, blank=True)
    # partners_application; null for people with a login.
    application_id = models.UUIDField(null=True, blank=True)
    started_at = models.DateTimeField(db_default=Now())
    lessons_done_at = models.DateTimeField(null=True, blank=True)
    passed_at = models.DateTimeField(null=True, blank=True)
    # Further attempts that a manager gave.
    extra_attempts = models.IntegerField(default=0)

    class Meta:
        db_table = "partners_taking"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "course", "user"],
                name="taking_person_once",
                condition=Q(user__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["tenant", "course", "application_id"],
                name="taking_applicant_once",
                condition=Q(application_id__isnull=False),
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=False) | Q(application_id__isnull=False),
                name="taking_has_learner",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "partner", "course"], name="taking_partner"),
            models.Index(fields=["tenant", "user"], name="taking_user"),
            models.Index(fields=["tenant", "course", "-started_at", "-id"], name="taking_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.course_id} by {self.user_id or self.application_id}"


class LessonVisit(TenantModel):
    """How one learner went through one lesson."""

    id = models.BigAutoField(primary_key=True)
    taking = TenantForeignKey(Taking)
    lesson = TenantForeignKey(Lesson)
    # For row-level security; null for applicants.
    partner_id = models.UUIDField(null=True, blank=True)
    opened_at = models.DateTimeField(db_default=Now())
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "partners_lesson_visit"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "taking", "lesson"], name="lesson_visit_once")
        ]
        indexes = [models.Index(fields=["tenant", "lesson"], name="lesson_visit_lesson")]

    def __str__(self) -> str:
        return f"{self.taking_id}/{self.lesson_id}"


class Attempt(TenantModel):
    """One go at a course's quiz: the questions drawn, their shuffled choices, the answers, the points."""

    id = models.BigAutoField(primary_key=True)
    taking = TenantForeignKey(Taking)
    number = models.IntegerField()
    partner_id = models.UUIDField(null=True, blank=True)
    # [{"question": id, "choices": ["c", "a", "b"]}] in the order shown.
    drawn = models.JSONField()
    # {"<question id>": ["a"]}; saved as typed.
    answers = models.JSONField(default=dict, blank=True)
    started_at = models.DateTimeField(db_default=Now())
    submitted_at = models.DateTimeField(null=True, blank=True)
    right_count = models.IntegerField(null=True, blank=True)
    question_count = models.IntegerField()
    passed = models.BooleanField(null=True)

    class Meta:
        db_table = "partners_attempt"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "taking", "number"], name="attempt_once")
        ]

    def __str__(self) -> str:
        return f"{self.taking_id} #{self.number}"


class AttemptAnswer(TenantModel):
    """One question of a submitted attempt, right or wrong: what the analytics count. Never changed."""

    id = models.BigAutoField(primary_key=True)
    attempt = TenantForeignKey(Attempt)
    question = TenantForeignKey(Question)
    partner_id = models.UUIDField(null=True, blank=True)
    right = models.BooleanField()
    chosen = models.JSONField(default=list)

    class Meta:
        db_table = "partners_attempt_answer"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "attempt", "question"], name="attempt_answer_once"
            )
        ]
        indexes = [models.Index(fields=["tenant", "question"], name="attempt_answer_question")]

    def __str__(self) -> str:
        return f"{self.attempt_id}/{self.question_id}"


class Certificate(PublicTenantModel):
    """Proof of a passed course that anybody can verify by its code."""

    # "C-2026-0007", gapless per tenant and year.
    number = models.CharField(max_length=20)
    # In the public address; 80 random bits in base 32.
    code = models.CharField(max_length=16)
    taking = TenantForeignKey(Taking)
    course = TenantForeignKey(Course)
    partner = TenantForeignKey(Partner, null=True, blank=True)
    # As printed.
    holder = models.CharField(max_length=120)
    partner_name = models.CharField(max_length=160, blank=True)
    course_title = models.CharField(max_length=200)
    minutes = models.IntegerField(default=0)
    language = models.CharField(max_length=8)
    issued_at = models.DateTimeField()
    expires_on = models.DateField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        db_table = "partners_certificate"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "number"], name="certificate_number_once"),
            models.UniqueConstraint(fields=["tenant", "code"], name="certificate_code_once"),
            models.UniqueConstraint(
                fields=["tenant", "taking"],
                name="certificate_live_once",
                condition=Q(revoked_at__isnull=True),
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-issued_at", "-id"], name="certificate_newest"),
            models.Index(
                fields=["tenant", "partner", "-issued_at", "-id"], name="certificate_partner"
            ),
        ]

    def __str__(self) -> str:
        return self.number
