"""The partners' models, re-exported for Django."""

from partners.agreements.models import Acceptance, AgreementVersion
from partners.applications.models import (
    Admission,
    Application,
    ApplicationChange,
    PageVisits,
    Prospect,
)
from partners.directory.models import (
    Enrollment,
    Partner,
    PartnerChange,
    PartnerGoal,
    PartnerProfile,
)
from partners.onboarding.models import Entitlement, Run, Step, StepDone, Track, Unlock
from partners.programs.models import Program
from partners.training.models import (
    Attempt,
    AttemptAnswer,
    Certificate,
    Course,
    Lesson,
    LessonVisit,
    Question,
    Taking,
)

__all__ = [
    "Acceptance",
    "Admission",
    "AgreementVersion",
    "Application",
    "ApplicationChange",
    "Attempt",
    "AttemptAnswer",
    "Certificate",
    "Course",
    "Enrollment",
    "Entitlement",
    "Lesson",
    "LessonVisit",
    "PageVisits",
    "Partner",
    "PartnerChange",
    "PartnerGoal",
    "PartnerProfile",
    "Program",
    "Prospect",
    "Question",
    "Run",
    "Step",
    "StepDone",
    "Taking",
    "Track",
    "Unlock",
]
