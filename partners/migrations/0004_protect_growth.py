"""Row-level security of the tables of admission, agreements, training and onboarding."""

from django.db import migrations

from prm.tenancy.rls import protect

PARTNER, PROGRAM = {"partner_id": "partners_partner"}, {"program_id": "partners_program"}


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0003_growth"),
        ("prm", "0007_protect_uploads_and_partner_views"),
    ]

    operations = [
        migrations.RunSQL(
            sql="""
            alter table partners_partner add constraint partners_partner_merged_into_id_same_tenant
              foreign key (tenant_id, merged_into_id) references partners_partner (tenant_id, id);
            alter table prm_upload add constraint prm_upload_partner_id_same_tenant
              foreign key (tenant_id, partner_id) references partners_partner (tenant_id, id);
            alter table prm_partner_view add constraint prm_partner_view_partner_id_same_tenant
              foreign key (tenant_id, partner_id) references partners_partner (tenant_id, id);
            """,
            reverse_sql=migrations.RunSQL.noop,
        ),
        # directory
        protect(
            "partners_change",
            partner="partner_id",
            partner_writes=False,
            references=PARTNER,
            append_only=True,
        ),
        protect(
            "partners_profile",
            partner="partner_id",
            references={**PARTNER, "logo_id": "prm_upload"},
        ),
        protect("partners_goal", partner="partner_id", partner_writes=False, references=PARTNER),
        # training
        protect("partners_course", references=PROGRAM),
        protect(
            "partners_lesson", references={"course_id": "partners_course", "file_id": "prm_upload"}
        ),
        protect("partners_question", references={"course_id": "partners_course"}),
        # applications
        protect("partners_admission", references={**PROGRAM, "course_id": "partners_course"}),
        protect("partners_page_visits", references=PROGRAM),
        protect(
            "partners_prospect",
            partner="partner_id",
            partner_writes=False,
            references={**PARTNER, **PROGRAM},
        ),
        protect(
            "partners_application",
            partner="partner_id",
            partner_writes=False,
            references={**PARTNER, **PROGRAM, "prospect_id": "partners_prospect"},
        ),
        protect(
            "partners_application_change",
            references={"application_id": "partners_application"},
            append_only=True,
        ),
        # training: who takes it
        protect(
            "partners_taking",
            partner="partner_id",
            references={
                **PARTNER,
                "course_id": "partners_course",
                "application_id": "partners_application",
            },
        ),
        protect(
            "partners_lesson_visit",
            partner="partner_id",
            references={
                **PARTNER,
                "taking_id": "partners_taking",
                "lesson_id": "partners_lesson",
            },
        ),
        protect(
            "partners_attempt",
            partner="partner_id",
            references={**PARTNER, "taking_id": "partners_taking"},
        ),
        protect(
            "partners_attempt_answer",
            partner="partner_id",
            references={
                **PARTNER,
                "attempt_id": "partners_attempt",
                "question_id": "partners_question",
            },
            append_only=True,
        ),
        protect(
            "partners_certificate",
            partner="partner_id",
            references={
                **PARTNER,
                "taking_id": "partners_taking",
                "course_id": "partners_course",
            },
        ),
        # agreements
        protect("partners_agreement_version", references=PROGRAM),
        protect(
            "partners_acceptance",
            partner="partner_id",
            references={
                **PARTNER,
                **PROGRAM,
                "version_id": "partners_agreement_version",
            },
            append_only=True,
            updatable=["pdf"],
        ),
        # onboarding
        protect("partners_track", references=PROGRAM),
        protect(
            "partners_step",
            references={"track_id": "partners_track", "course_id": "partners_course"},
        ),
        protect(
            "partners_run",
            partner="partner_id",
            references={**PARTNER, **PROGRAM, "track_id": "partners_track"},
        ),
        protect(
            "partners_step_done",
            partner="partner_id",
            references={
                **PARTNER,
                "run_id": "partners_run",
                "step_id": "partners_step",
                "file_id": "prm_upload",
            },
        ),
        protect("partners_entitlement", partner="partner_id", references={**PARTNER, **PROGRAM}),
        protect("partners_unlock", references=PROGRAM),
    ]
