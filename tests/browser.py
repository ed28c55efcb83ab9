"""Chromium for journeys: a page on a live server that signs in, takes pictures, and tells of every fault it saw."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import ThreadingMixIn
from threading import Condition, Lock, Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from axe_playwright_python.base import AXE_SCRIPT
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.handlers.wsgi import WSGIHandler
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Response,
    ViewportSize,
    sync_playwright,
)

# The shell is the same engine without the windows around it: half the processor's time.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), "")
HAS_CHROMIUM = bool(CHROMIUM)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
# WCAG 2.2 AA and what came before it.
RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    },
    # Every rule is tried; only what broke one is told with all its elements.
    "resultTypes": ["violations"],
}
# What a colour scheme can break; the rest of a page is the same in light and dark.
COLOURS = RULES | {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
DESKTOP: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}


def violations(page: Page, rules: dict[str, Any] = RULES) -> list[str]:
    """Return every accessibility violation of a page as it stands, with the first elements it names."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate("rules => axe.run(rules).then(results => results.violations)", rules)
    return [f"{each['id']}: {[node['target'] for node in each['nodes']][:3]}" for each in found]


class Visitor:
    """One person at a browser; `faults` holds console errors, server errors and other hosts asked."""

    def __init__(self, context: BrowserContext, origin: str, pictures: Path | None) -> None:
        self.context, self.origin, self.pictures = context, origin.rstrip("/"), pictures
        self.page: Page = context.new_page()
        self.faults: list[str] = []
        self.expected: tuple[str, ...] = ()
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        self.page.on("response", self._answered)

    def open(self, path: str) -> Page:
        """Go to a path and wait until it is quiet."""
        self.page.goto(path if path.startswith("http") else self.origin + path)
        self.page.wait_for_load_state("networkidle")
        return self.page

    def log_in(self, email: str, password: str, *, at: str = "/accounts/login/") -> Page:
        """Sign in through the page people use."""
        self.open(at)
        self.page.get_by_label("Email").fill(email)
        self.page.get_by_label("Password", exact=True).fill(password)
        self.page.locator("main form button[type=submit]").first.click()
        self.page.wait_for_load_state("networkidle")
        return self.page

    def picture(self, name: str, *, full: bool = False) -> None:
        """Keep a screenshot when pictures are wanted (PICTURES names the folder)."""
        if self.pictures:
            self.pictures.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=str(self.pictures / f"{name}.png"), full_page=full)

    def axe(self, *, colours: bool = False) -> list[str]:
        """Return every accessibility violation of the page as it stands. colours: only what a scheme can break."""
        return violations(self.page, COLOURS if colours else RULES)

    def sideways(self) -> int:
        """Return how many pixels the page is wider than the window; 0 is right."""
        return int(
            self.page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
        )

    def problems(self, *, colours: bool = False) -> list[str]:
        """Return all that is wrong with the page as it stands: axe, sideways scroll, faults so far."""
        wide = self.sideways()
        return [
            *self.axe(colours=colours),
            *([f"{wide}px wider than the window"] if wide else []),
            *self.faults,
        ]

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not any(
            words in message.text for words in self.expected
        ):
            self.faults.append(f"console: {message.text}")

    def _answered(self, response: Response) -> None:
        if not response.url.startswith((self.origin, "data:", "blob:", "chrome-extension:")):
            self.faults.append(f"another host: {response.url}")
        if response.status >= 500:
            self.faults.append(f"{response.status}: {response.url}")


class _Quiet(WSGIRequestHandler):
    """Write no access log into the test's output."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


class _Threads(ThreadingMixIn, WSGIServer):
    """One thread a request; they end with the test. Connections go from one to the next, as production's pool does.

    A new connection signs in and reads the database's catalogue anew: more than most pages take.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.spare: list[BaseDatabaseWrapper] = []
        self.ended, self.lock = False, Lock()

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer with a spare connection where there is one, and hand it on."""
        with self.lock:
            if self.spare:
                connections[DEFAULT_DB_ALIAS] = self.spare.pop()
        try:
            super().process_request_thread(request, client_address)
        finally:
            used = connections[DEFAULT_DB_ALIAS]
            with self.lock:
                if not self.ended and used.connection is not None and not used.in_atomic_block:
                    if not used.allow_thread_sharing:
                        used.inc_thread_sharing()
                    del connections[DEFAULT_DB_ALIAS]
                    self.spare.append(used)
            # Whatever is left would outlive the thread open.
            connections.close_all()

    def close_connections(self) -> None:
        """Close the spare ones; threads that still run close theirs."""
        with self.lock:
            self.ended = True
            for connection in self.spare:
                connection.close()
            self.spare.clear()


class _Counted:
    """The portal, and how many requests it is answering: the test's database goes only after the last."""

    def __init__(self, app: Any) -> None:
        self.app, self.running, self.idle = app, 0, Condition()

    def __call__(self, environ: Any, start_response: Any) -> Any:
        with self.idle:
            self.running += 1
        try:
            return self.app(environ, start_response)
        finally:
            with self.idle:
                self.running -= 1
                self.idle.notify_all()

    def wait_until_idle(self) -> None:
        """Wait for the answers under way, at most ten seconds."""
        with self.idle:
            self.idle.wait_for(lambda: self.running == 0, timeout=10)


@contextmanager
def serving() -> Iterator[str]:
    """Serve the portal from this process on a free port; yields its address. Use it inside `real_database`."""
    app = _Counted(StaticFilesHandler(WSGIHandler()))
    with make_server("localhost", 0, app, _Threads, _Quiet) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://localhost:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            app.wait_until_idle()
            server.close_connections()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the installed Chromium; skip the test with `HAS_CHROMIUM` when there is none."""
    # Playwright keeps an event loop in this thread; Django takes that for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()
            # Under the event loop Django keeps other connections than outside of it; only here can they be closed.
            connections.close_all()
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@contextmanager
def visitor(
    browser: Browser, origin: str, *, phone: bool = False, dark: bool = False, **options: Any
) -> Iterator[Visitor]:
    """Open a fresh person's window: no cookies, one size, one colour scheme."""
    folder = os.environ.get("PICTURES")
    context = browser.new_context(
        viewport=PHONE if phone else DESKTOP,
        has_touch=phone,
        is_mobile=phone,
        color_scheme="dark" if dark else "light",
        # Colours change at once: axe would otherwise measure a button half way between two schemes.
        reduced_motion="reduce",
        **{"locale": "en-GB", **options},
    )
    try:
        yield Visitor(context, origin, Path(folder) if folder else None)
    finally:
        context.close()
