"""Where a program is published."""

from django.urls import path

from partners.applications import publishing_views as views

urlpatterns = [
    path(
        "manage/programs/<uuid:program_id>/publish/", views.program_publish, name="program-publish"
    ),
]
