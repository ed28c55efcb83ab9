"""Pages of jobs and of what is stuck."""

from django.urls import path

from prm.jobs import views

urlpatterns = [
    path("manage/jobs/", views.job_list, name="job-list"),
    path("jobs/<uuid:job_id>/", views.job_detail, name="job-detail"),
    path("jobs/<uuid:job_id>/file/", views.job_file, name="job-file"),
    path("jobs/<uuid:job_id>/stop/", views.job_stop, name="job-stop"),
    path("jobs/<uuid:job_id>/retry/", views.job_retry, name="job-retry"),
    path("manage/stuck/", views.stuck_list, name="stuck-list"),
    path(
        "manage/stuck/events/<int:queued_id>/retry/",
        views.stuck_retry_event,
        name="stuck-retry-event",
    ),
    path(
        "manage/stuck/mails/<int:mail_id>/retry/", views.stuck_retry_mail, name="stuck-retry-mail"
    ),
]
