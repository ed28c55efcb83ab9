"""Addresses of courses and certificates."""

from django.urls import path

from partners.training import building_views as building
from partners.training import learners_views as learners
from partners.training import views

COURSE, MANAGE = "courses/<uuid:course_id>/", "manage/courses/<uuid:course_id>/"

urlpatterns = [
    path("courses/", views.course_list, name="course-list"),
    path(COURSE, views.course, name="course"),
    path(f"{COURSE}lessons/<int:lesson_id>/", views.lesson, name="lesson"),
    path(f"{COURSE}lessons/<int:lesson_id>/file/", views.lesson_file, name="lesson-file"),
    path(f"{COURSE}quiz/", views.quiz, name="quiz"),
    path(f"{COURSE}quiz/<int:number>/", views.quiz_result, name="quiz-result"),
    path(f"{COURSE}certificate/", views.certificate, name="certificate"),
    path("certificates/", views.certificate_list, name="certificate-list"),
    path("certificates/<uuid:certificate_id>/pdf/", views.certificate_pdf, name="certificate-pdf"),
    path("certificates/<str:code>/", views.certificate_verify, name="certificate-verify"),
    path("manage/courses/", building.course_manage_list, name="course-manage-list"),
    path("manage/courses/new/", building.course_new, name="course-new"),
    path(MANAGE, building.course_manage, name="course-manage"),
    path(f"{MANAGE}edit/", building.course_edit, name="course-edit"),
    path(f"{MANAGE}state/", building.course_state, name="course-state"),
    path(f"{MANAGE}lessons/new/", building.lesson_new, name="lesson-new"),
    path(f"{MANAGE}lessons/<int:lesson_id>/", building.lesson_edit, name="lesson-edit"),
    path(f"{MANAGE}lessons/<int:lesson_id>/move/", building.lesson_move, name="lesson-move"),
    path(
        f"{MANAGE}lessons/<int:lesson_id>/file/",
        building.lesson_manage_file,
        name="lesson-manage-file",
    ),
    path(f"{MANAGE}questions/new/", building.question_new, name="question-new"),
    path(f"{MANAGE}questions/<int:question_id>/", building.question_edit, name="question-edit"),
    path(
        f"{MANAGE}questions/<int:question_id>/move/", building.question_move, name="question-move"
    ),
    path(f"{MANAGE}people/", learners.course_learners, name="course-learners"),
    path(f"{MANAGE}people/<int:taking_id>/", learners.course_learner, name="course-learner"),
    path(
        f"{MANAGE}people/<int:taking_id>/attempts/",
        learners.learner_attempts,
        name="learner-attempts",
    ),
    path(f"{MANAGE}analytics/", learners.course_analytics, name="course-analytics"),
    path(
        "manage/certificates/<uuid:certificate_id>/revoke/",
        learners.certificate_revoke,
        name="certificate-revoke",
    ),
]
