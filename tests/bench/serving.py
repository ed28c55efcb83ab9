"""The product's own server on a port of this machine, and browsers that ask it: 8 connections that are kept open."""

import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

CONNECTIONS = 8
_CONFIG = Path(__file__).parents[2] / "prm" / "stack" / "gunicorn.py"


@dataclass
class Server:
    """A running gunicorn: its address, and its processes."""

    port: int
    process: "subprocess.Popen[bytes]"

    def workers(self) -> list[int]:
        """Return the process ids of its workers."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in listed.read_text().split()]

    def cpu_s(self) -> float:
        """Return the CPU seconds of its workers so far, in all their threads."""
        return sum(_cpu_of_threads(pid) for pid in self.workers())


def _cpu_of_threads(pid: int) -> float:
    nanoseconds = 0
    for thread in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            nanoseconds += int(thread.read_text().split()[0])
        except (OSError, ValueError, IndexError):
            continue
    return nanoseconds / 1e9


@contextmanager
def served(program: str, database: str) -> Iterator[Server]:
    """Serve a WSGI program as `make demo` and the container do, on a database, until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}"))
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", program, "--config", str(_CONFIG)],
        # Behind one proxy, which tells the visitors' addresses.
        env={
            **os.environ,
            "PROXY_COUNT": "1",
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "DATABASE_URL": address,
        },
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, process)
        yield Server(port, process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError("the server does not answer")


@dataclass
class Browser:
    """One connection and the request on its way."""

    number: int
    sent_at: float = 0.0
    line: socket.socket = field(default_factory=socket.socket)
    heard: bytes = b""


def ask(
    server: Server,
    request_of: Callable[[int], bytes],
    count: int,
    *,
    half_way: Callable[[], None] = lambda: None,
) -> list[float]:
    """Ask `count` times over all connections, each as soon as its last answer came; return seconds of each answer.

    Every answer must be a redirect without a body. A connection that the server dropped asks the same again.
    half_way: called once half of the answers are there.
    """
    crowd, times = _Crowd(server, request_of, count), list[float]()
    while browsers := crowd.with_news():
        for browser in browsers:
            if not crowd.has_answer(browser):
                continue
            times.append(time.perf_counter() - browser.sent_at)
            assert browser.heard.startswith(b"HTTP/1.1 302"), browser.heard[:200]
            if len(times) == count // 2:
                half_way()
            crowd.send_next(browser)
    return times


class _Crowd:
    """The browsers of one call of `ask`."""

    def __init__(self, server: Server, request_of: Callable[[int], bytes], count: int) -> None:
        self.server, self.request_of, self.numbers = server, request_of, iter(range(count))
        self.watch = selectors.DefaultSelector()
        for _ in range(min(CONNECTIONS, count)):
            browser = Browser(next(self.numbers))
            self._connect(browser)

    def with_news(self) -> list[Browser]:
        """Wait for answers; none once every browser is done."""
        return [key.data for key, _ in self.watch.select(30)] if self.watch.get_map() else []

    def has_answer(self, browser: Browser) -> bool:
        """Read what came; tell whether the answer is whole."""
        try:
            part = browser.line.recv(65_536)
        except OSError:
            part = b""
        if not part:
            self._again(browser)
            return False
        browser.heard += part
        head, ended, body = browser.heard.partition(b"\r\n\r\n")
        # A redirect has no body, but may be sent in pieces: none, and the mark of the end.
        return bool(ended) and (b"chunked" not in head or body == b"0\r\n\r\n")

    def send_next(self, browser: Browser) -> None:
        """Ask the next thing, or let go of the line when nothing is left."""
        number = next(self.numbers, None)
        if number is None:
            self._hang_up(browser)
            return
        browser.number = number
        try:
            self._send(browser)
        except OSError:
            self._again(browser)

    def _send(self, browser: Browser) -> None:
        browser.sent_at, browser.heard = time.perf_counter(), b""
        browser.line.sendall(self.request_of(browser.number))

    def _again(self, browser: Browser) -> None:
        self._hang_up(browser)
        self._connect(browser)

    def _hang_up(self, browser: Browser) -> None:
        self.watch.unregister(browser.line)
        browser.line.close()

    def _connect(self, browser: Browser) -> None:
        browser.line = socket.create_connection(("127.0.0.1", self.server.port), timeout=30)
        browser.line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.watch.register(browser.line, selectors.EVENT_READ, browser)
        self._send(browser)
