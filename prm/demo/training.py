"""The demo's course: four lessons and eight questions in two languages, and people at every point of it."""

from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation

from partners.training.forms import right_or_wrong
from partners.training.learners import Learner
from partners.training.models import Course, Question
from partners.training.selectors import live_lessons
from partners.training.services import create_course, publish_course, save_lesson, save_question
from partners.training.taking import (
    finish_lesson,
    open_lesson,
    start_attempt,
    submit_attempt,
)
from prm.demo.stage import Stage
from prm.demo.story import Person
from prm.events.services import Actor
from prm.uploads.models import Upload
from prm.uploads.services import keep_upload

FILM = Path(__file__).with_name("films") / "referring.webm"

WHAT = {
    "velden": {
        "en": "Velden runs payroll, expenses and time tracking for firms of 20 to 400 people. One month-end "
        "takes an afternoon instead of four days, and the accountant sees the same figures as the client.\n\n"
        "## Who is glad to hear of it\n\n"
        "* The finance lead who closes payroll in a spreadsheet\n"
        "* The owner who signs expenses on paper\n"
        "* The accountant who types hours a second time\n\n"
        "## What it is not\n\nVelden is no HR suite: who needs recruiting or reviews keeps the tool they have.",
        "it": "Velden gestisce paghe, note spese e presenze per aziende da 20 a 400 persone. La chiusura del mese "
        "richiede un pomeriggio invece di quattro giorni, e il commercialista vede le stesse cifre del cliente.\n\n"
        "## Chi ne sente il bisogno\n\n"
        "* Chi chiude le paghe su un foglio di calcolo\n"
        "* Chi firma le note spese su carta\n"
        "* Chi riscrive le ore una seconda volta\n\n"
        "## Che cosa non è\n\nVelden non è una suite HR: selezione e valutazioni restano dove sono.",
    },
    "solea": {
        "en": "Solea Energia supplies firms with electricity and gas from Italian renewable plants, at a price "
        "fixed for 24 months. The change needs a recent bill and one signature; supply is never interrupted.\n\n"
        "## Who is glad to hear of it\n\n"
        "* Workshops and shops with bills above 500 euros a month\n"
        "* Firms whose contract ends within six months\n"
        "* Who has to report the origin of their energy",
        "it": "Solea Energia fornisce alle aziende luce e gas da impianti rinnovabili italiani, a un prezzo fisso "
        "per 24 mesi. Per cambiare servono una bolletta recente e una firma; la fornitura non si interrompe mai.\n\n"
        "## Chi ne sente il bisogno\n\n"
        "* Officine e negozi con bollette oltre 500 euro al mese\n"
        "* Aziende con il contratto in scadenza entro sei mesi\n"
        "* Chi deve dichiarare l'origine della propria energia",
    },
}
WHO = {
    "en": "Who buys? Firms that still do by hand what {vendor} does for them. Listen for the need, ask one "
    "question, then introduce us. We call within two days, and you see every step in the portal.",
    "it": "Chi compra? Le aziende che fanno ancora a mano quello che {vendor} fa per loro. Ascolta il bisogno, "
    "fai una domanda, poi presentaci. Chiamiamo entro due giorni e tu vedi ogni passo nel portale.",
}
PAID = {
    "en": "## From introduction to payment\n\n"
    "1. You submit the referral; it is yours alone for the protection period.\n"
    "2. {vendor} qualifies it and talks to the company.\n"
    "3. When it is won, your commission is booked and waits until the hold has passed.\n"
    "4. It goes into the next payout above the minimum.\n\n"
    "A refund takes the commission on that money back, at the rate you were paid. Every line shows how it was "
    "calculated.",
    "it": "## Dalla segnalazione al pagamento\n\n"
    "1. Invii la segnalazione: è solo tua per il periodo di protezione.\n"
    "2. {vendor} la qualifica e parla con l'azienda.\n"
    "3. Quando è vinta, la provvigione è registrata e attende la fine del periodo di attesa.\n"
    "4. Entra nel primo pagamento oltre il minimo.\n\n"
    "Un rimborso storna la provvigione su quella somma, con la stessa percentuale. Ogni riga mostra il calcolo.",
}
GUIDE = {
    "en": "The guide on one page: who fits, what to ask, what to send.",
    "it": "La guida in una pagina: chi è adatto, che cosa chiedere, che cosa inviare.",
}
# (question, right answers, wrong answers, explanation), each as (English, Italian); no answers: a statement that is so.
Pair = tuple[str, str]
ASKED: tuple[tuple[Pair, tuple[Pair, ...], tuple[Pair, ...], Pair], ...] = (
    (
        ("Which company is worth an introduction?", "Quale azienda conviene presentare?"),
        (
            (
                "One that still does the work by hand",
                "Una che fa ancora il lavoro a mano",
            ),
        ),
        (
            (
                "One that changed its supplier last month",
                "Una che ha cambiato fornitore il mese scorso",
            ),
            ("Any company whose address you know", "Qualsiasi azienda di cui hai l'indirizzo"),
        ),
        (
            "Need decides, not the address book. A fresh contract elsewhere means a year of waiting.",
            "Conta il bisogno, non la rubrica. Un contratto nuovo altrove significa un anno di attesa.",
        ),
    ),
    (
        ("Who talks to the company about prices?", "Chi parla di prezzi con l'azienda?"),
        (("The vendor", "Il fornitore"),),
        (("You, before you submit", "Tu, prima di inviare"), ("Nobody", "Nessuno")),
        ("You introduce; you need not sell.", "Tu presenti: non devi vendere."),
    ),
    (
        ("What does a good referral name?", "Che cosa contiene una buona segnalazione?"),
        (
            ("The person to talk to", "La persona con cui parlare"),
            ("Why now is a good moment", "Perché è il momento giusto"),
        ),
        (("The company's bank account", "Il conto bancario dell'azienda"),),
        (
            "A name and a reason double the chance of a first call.",
            "Un nome e un motivo raddoppiano la probabilità di una prima chiamata.",
        ),
    ),
    (
        (
            "Before you submit, the person has agreed to be contacted.",
            "Prima dell'invio la persona ha accettato di essere contattata.",
        ),
        (),
        (),
        (
            "Without consent the first call does more harm than good.",
            "Senza consenso la prima chiamata fa più male che bene.",
        ),
    ),
    (
        ("When is a commission paid?", "Quando viene pagata una provvigione?"),
        (
            (
                "After the hold, with the next payout above the minimum",
                "Dopo il periodo di attesa, con il primo pagamento oltre il minimo",
            ),
        ),
        (
            ("The day the deal is won", "Il giorno in cui l'affare è vinto"),
            ("At the end of the year", "A fine anno"),
        ),
        (
            "The hold covers the customer's right to cancel.",
            "L'attesa copre il diritto di recesso del cliente.",
        ),
    ),
    (
        (
            "What happens to your commission when the customer gets money back?",
            "Che cosa succede alla provvigione se il cliente viene rimborsato?",
        ),
        (
            (
                "It is taken back on that money, at the rate you were paid",
                "È stornata su quella somma, con la stessa percentuale",
            ),
        ),
        (
            ("Nothing", "Nulla"),
            ("All your commissions are taken back", "Tutte le provvigioni sono stornate"),
        ),
        (
            "Only the money that went back counts.",
            "Conta solo la somma rimborsata.",
        ),
    ),
    (
        (
            "Two partners name the same company. Whose referral is it?",
            "Due partner segnalano la stessa azienda. Di chi è la segnalazione?",
        ),
        (("Of who came first", "Di chi è arrivato prima"),),
        (
            ("It is shared", "È divisa"),
            ("Of the larger partner", "Del partner più grande"),
        ),
        (
            "The moment of submission decides, whoever asks.",
            "Decide il momento dell'invio, chiunque lo chieda.",
        ),
    ),
    (
        (
            "Where do you see what happens with a referral?",
            "Dove vedi che cosa succede a una segnalazione?",
        ),
        (("On its page in the portal", "Nella sua pagina del portale"),),
        (
            ("You ask the company", "Lo chiedi all'azienda"),
            ("In next year's report", "Nel rapporto dell'anno prossimo"),
        ),
        (
            "Every step is there, with the reason and the next date.",
            "C'è ogni passo, con il motivo e la prossima data.",
        ),
    ),
)


def seed_training(stage: Stage, *, now: datetime) -> Course:
    """Make the tenant's course and let its partners' people take it; the tenant's scope is open.

    Some pass at once, some later, some have an attempt open, some stopped after a lesson: analytics have something to
    show. A tenant that has a course keeps it.
    """
    if found := Course.objects.first():
        return found
    made_at = now - timedelta(days=150)
    admin = stage.actor(stage.story.staff[3])
    course = _course(stage, admin, made_at)
    dice = Random(stage.story.seed + 9)  # noqa: S311  a story, not a secret
    people = [
        (person, partner)
        for story in stage.story.partners
        if story.state == "active" and (partner := stage.partners.get(story.name))
        for person in story.people
    ]
    for number, (person, partner) in enumerate(people):
        started = made_at + timedelta(days=3 + dice.random() * 120)
        learner = _learner(stage, person, partner)
        _learn(course, learner, number, started, dice)
    return course


def _course(stage: Stage, admin: Actor, at: datetime) -> Course:
    vendor = stage.story.name
    course = create_course(
        title={"en": f"Selling {vendor}", "it": f"Vendere {vendor}"},
        summary={
            "en": "Half an hour: what it does, who to introduce, and how you are paid.",
            "it": "Mezz'ora: che cosa fa, chi presentare e come vieni pagato.",
        },
        open_to_applicants=True,
        pass_percent=80,
        draw_count=5,
        max_attempts=3,
        minutes=30,
        certificate_months=24,
        actor=admin,
        at=at,
    )
    for facts in _lessons(stage, admin, at):
        save_lesson(course_id=course.id, actor=admin, at=at, **facts)
    for text, right, wrong, explanation in ASKED:
        save_question(
            course_id=course.id,
            actor=admin,
            at=at,
            text=_both(text),
            explanation=_both(explanation),
            **_choices(right, wrong),
        )
    return publish_course(course_id=course.id, actor=admin, at=at + timedelta(hours=2))


def _both(pair: Pair) -> dict[str, str]:
    return {"en": pair[0], "it": pair[1]}


def _choices(right: tuple[Pair, ...], wrong: tuple[Pair, ...]) -> dict[str, Any]:
    if not right:
        return {"kind": Question.Kind.YES_NO, "choices": right_or_wrong(is_right=True)}
    answers = [(pair, True) for pair in right] + [(pair, False) for pair in wrong]
    return {
        "kind": Question.Kind.SINGLE if len(right) == 1 else Question.Kind.MULTIPLE,
        "choices": [
            {"key": key, "text": _both(pair), "right": is_right}
            for key, (pair, is_right) in zip("abcdef", answers, strict=False)
        ],
    }


def _lessons(stage: Stage, admin: Actor, at: datetime) -> list[dict[str, Any]]:
    vendor = stage.story.name

    def named(texts: dict[str, str]) -> dict[str, str]:
        return {code: text.replace("{vendor}", vendor) for code, text in texts.items()}

    film = _kept(FILM.read_bytes(), "referring.webm", admin, at)
    guide = _kept(_one_page(vendor), "guide.pdf", admin, at)
    return [
        {
            "kind": "text",
            "title": {"en": f"What {vendor} does", "it": f"Che cosa fa {vendor}"},
            "body": WHAT.get(stage.story.slug, WHAT["velden"]),
            "minutes": 6,
        },
        {
            "kind": "video",
            "title": {"en": "Who to introduce", "it": "Chi presentare"},
            "body": named(WHO),
            "file_id": film.id,
            "minutes": 2,
        },
        {
            "kind": "text",
            "title": {"en": "How you are paid", "it": "Come vieni pagato"},
            "body": named(PAID),
            "minutes": 5,
        },
        {
            "kind": "document",
            "title": {"en": "The guide on one page", "it": "La guida in una pagina"},
            "body": GUIDE,
            "file_id": guide.id,
            "minutes": 4,
        },
    ]


def _kept(content: bytes, name: str, admin: Actor, at: datetime) -> Upload:
    return keep_upload(
        file=SimpleUploadedFile(name, content),
        purpose="training.lesson",
        allowed=frozenset({"webm", "pdf"}),
        max_bytes=5_000_000,
        partner_id=None,
        actor=admin,
        at=at,
    )


def _one_page(vendor: str) -> bytes:
    """Return a PDF of one page, written by hand: the seed must not need the PDF maker."""
    lines = [
        f"Referring to {vendor}",
        "",
        "Who fits: firms that still do the work by hand.",
        "Ask: how long does it take you today?",
        "Send: company, person, why now. And their consent.",
        "Then: we call within two days; you see every step.",
    ]
    words = "\n".join(f"({line}) Tj T*" for line in lines)
    text = f"BT /F1 18 Tf 28 TL 72 720 Td\n{words}\nET".encode("latin-1", "replace")
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R /Lang (en) >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
            b"/Resources << /Font << /F1 5 0 R >> >> >>"
        ),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = BytesIO(b"%PDF-1.4\n"), []
    out.seek(0, 2)
    for number, part in enumerate(parts, start=1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, part))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(parts) + 1))
    out.writelines(b"%010d 00000 n \n" % place for place in places)
    out.write(b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(parts) + 1))
    out.write(b"startxref\n%d\n%%%%EOF\n" % start)
    return out.getvalue()


def _learner(stage: Stage, person: Person, partner: Any) -> Learner:
    language = person.language or stage.story.language
    return Learner(stage.people[person.email].id, None, partner.id, person.name, language)


def _learn(course: Course, learner: Learner, number: int, at: datetime, dice: Random) -> None:
    """Let one person learn: every fifth stops among the lessons, every seventh leaves an attempt open."""
    lessons = list(live_lessons(course.id))
    stops_after = number % 4 if number % 5 == 4 else len(lessons)
    moment = at
    for lesson in lessons[: stops_after + 1]:
        open_lesson(lesson=lesson, learner=learner, at=moment)
        if lesson in lessons[:stops_after]:
            moment += timedelta(minutes=2 + dice.random() * 9)
            finish_lesson(lesson=lesson, learner=learner, at=moment)
    if stops_after < len(lessons):
        return
    skill = 0.72 + dice.random() * 0.28
    for _attempt in range(3):
        moment += timedelta(minutes=1)
        attempt = start_attempt(course=course, learner=learner, at=moment)
        if number % 7 == 6:
            return
        moment += timedelta(minutes=3 + dice.random() * 6)
        with translation.override(learner.language):
            judged = submit_attempt(
                course=course,
                learner=learner,
                number=attempt.number,
                answers=_answers(attempt.drawn, skill, dice),
                at=moment,
            )
        if judged.passed:
            return
        moment += timedelta(days=1 + dice.random() * 3)


def _answers(drawn: list[dict[str, Any]], skill: float, dice: Random) -> dict[int, list[str]]:
    questions = Question.objects.in_bulk([one["question"] for one in drawn])
    answers = {}
    for number, question in questions.items():
        right = [choice["key"] for choice in question.choices if choice["right"]]
        wrong = [choice["key"] for choice in question.choices if not choice["right"]]
        # The question about refunds is harder than the others.
        knows = dice.random() < skill - (0.35 if question.position == 6 else 0)
        answers[number] = right if knows else [dice.choice(wrong)]
    return answers
