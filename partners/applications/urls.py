"""Pages about applications: public ones, and the vendor's."""

from django.urls import path

from partners.applications import views_builder, views_course, views_public

COURSE = "application/<str:token>/course/"

ADMISSION = "manage/programs/<uuid:program_id>/admission/"

urlpatterns = [
    path("join/", views_public.join_list, name="join-list"),
    path("join/<slug:program>/", views_public.join, name="join"),
    path("join/<slug:program>/agreement/", views_public.join_agreement, name="join-agreement"),
    path("join/<slug:program>/apply/", views_public.apply, name="apply"),
    path(
        "join/<slug:program>/apply/questions/",
        views_public.apply_questions,
        name="apply-questions",
    ),
    path("join/<slug:program>/apply/saved/", views_public.apply_saved, name="apply-saved"),
    path("join/<slug:program>/apply/sent/", views_public.apply_sent, name="apply-sent"),
    path("application/<str:token>/", views_public.application_status, name="application-status"),
    path(
        "application/<str:token>/withdraw/",
        views_public.application_withdraw,
        name="application-withdraw",
    ),
    path(COURSE, views_course.application_course, name="application-course"),
    path(
        f"{COURSE}lessons/<int:lesson_id>/",
        views_course.application_lesson,
        name="application-lesson",
    ),
    path(
        f"{COURSE}lessons/<int:lesson_id>/file/",
        views_course.application_lesson_file,
        name="application-lesson-file",
    ),
    path(f"{COURSE}quiz/", views_course.application_quiz, name="application-quiz"),
    path(
        f"{COURSE}quiz/<int:number>/",
        views_course.application_quiz_result,
        name="application-quiz-result",
    ),
    path(
        f"{COURSE}certificate/",
        views_course.application_certificate,
        name="application-certificate",
    ),
    path(ADMISSION, views_builder.admission_edit, name="admission-edit"),
    path(f"{ADMISSION}preview/", views_builder.admission_preview, name="admission-preview"),
    path(f"{ADMISSION}questions/", views_builder.question_new, name="admission-question-new"),
    path(
        f"{ADMISSION}questions/<slug:key>/",
        views_builder.question_edit,
        name="admission-question",
    ),
    path(
        f"{ADMISSION}questions/<slug:key>/move/",
        views_builder.question_move,
        name="admission-question-move",
    ),
]
