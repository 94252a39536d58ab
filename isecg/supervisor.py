"""One command for one machine: keep the three processes running, and end them together.

Each child leads a process group of its own. So a Ctrl-C at the keyboard reaches the
supervisor alone, which ends the children in order; and what a child leaves behind when it
dies (the web server's own workers) can be ended with its group.
"""

import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import FrameType

GRACE_SECONDS = 8
LONGEST_PAUSE_SECONDS = 30
# A child that ran for so long has recovered: its next death starts at the shortest pause again.
SOUND_AFTER_SECONDS = 60
GLANCE_SECONDS = 0.2
FIRST_PAGE_SECONDS = 60

# The guard outlives even kill -9 of the supervisor: its input ends with the supervisor, and
# it then ends the groups that were named last. A shell, so that it starts at once and a kill
# by the supervisor's name does not meet it as well.
GUARD = """
trap '' INT TERM HUP
while read -r line; do groups=$line; done
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
"""


class PortError(Exception):
    """The address cannot be served; the message says why in one sentence."""


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; it is held for as long as the site is up.

    Visitors who come while the web server is being restarted wait in its queue.

    :raises PortError: if the port is in use, or not ours to take.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except PermissionError as error:
        listener.close()
        raise PortError(f"Port {port} may not be used by you: choose one above 1023.") from error
    except OSError as error:
        listener.close()
        raise PortError(
            f"Port {port} is in use: stop what uses it, or choose another, as in “PORT=9000”."
        ) from error
    return listener


class Child:
    """One process that is to run for as long as the site does."""

    def __init__(self, name: str, command: Sequence[str], *, pass_fds: Sequence[int] = ()) -> None:
        self.name = name
        self.command = command
        self.pass_fds = pass_fds
        self.process: subprocess.Popen[bytes] | None = None
        self.deaths = 0
        self.started = 0.0
        self.start_at = 0.0

    def start(self) -> subprocess.Popen[bytes]:
        """Start the process at the head of a group of its own."""
        self.started = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603 - the commands are our own
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=self.pass_fds,
            start_new_session=True,
        )
        return self.process

    def signal_group(self, number: signal.Signals) -> None:
        """Send a signal to the process and to those it started."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    def bury(self) -> float:
        """Forget a process that has ended; return the seconds to wait before the next."""
        self.signal_group(signal.SIGKILL)
        self.process = None
        if time.monotonic() - self.started > SOUND_AFTER_SECONDS:
            self.deaths = 0
        pause: float = min(0.5 * 2**self.deaths, LONGEST_PAUSE_SECONDS)
        self.deaths += 1
        self.start_at = time.monotonic() + pause
        return pause


class Supervisor:
    """Keeps the children running until it is told to stop."""

    def __init__(self, children: Sequence[Child], say: Callable[[str], None]) -> None:
        self.children = children
        self.say = say
        self.outputs = selectors.DefaultSelector()
        self.stopping = False
        self.guard = subprocess.Popen(  # noqa: S603 - our own lines
            ["/bin/sh", "-c", GUARD], stdin=subprocess.PIPE, start_new_session=True
        )

    def run(self, first_page: Callable[[], bool], greet: Callable[[], None]) -> None:
        """Start the first child, greet once its page is served, start the others, and watch.

        Returns when SIGINT, SIGTERM or SIGHUP has come and every child has ended.
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._told_to_stop)
        try:
            web, *others = self.children
            self._start(web)
            self._wait_for(web, first_page)
            if not self.stopping:
                greet()
            while not self.stopping:
                self._start_what_is_down([web, *others])
                self._pass_on_output(GLANCE_SECONDS)
                self._reap()
        finally:
            self._stop()

    def _told_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        if self.stopping:
            # Asked twice: no more waiting.
            for child in self.children:
                child.signal_group(signal.SIGKILL)
        self.stopping = True

    def _start(self, child: Child) -> None:
        process = child.start()
        # Piped above, so it is there.
        if process.stdout is not None:
            os.set_blocking(process.stdout.fileno(), False)
            self.outputs.register(process.stdout, selectors.EVENT_READ, child.name)
        self._tell_guard()
        self._say(child.name, f"process {process.pid}")

    def _start_what_is_down(self, children: Sequence[Child]) -> None:
        for child in children:
            if child.process is None and time.monotonic() >= child.start_at:
                self._start(child)

    def _wait_for(self, web: Child, first_page: Callable[[], bool]) -> None:
        deadline = time.monotonic() + FIRST_PAGE_SECONDS
        while not self.stopping and time.monotonic() < deadline:
            self._start_what_is_down([web])
            if first_page():
                return
            self._pass_on_output(GLANCE_SECONDS)
            self._reap()

    def _tell_guard(self) -> None:
        groups = [str(child.process.pid) for child in self.children if child.process is not None]
        if self.guard.stdin is not None:
            with suppress(BrokenPipeError):
                self.guard.stdin.write(" ".join(groups).encode() + b"\n")
                self.guard.stdin.flush()

    def _pass_on_output(self, seconds: float) -> None:
        """Print what the children say, each line with the name of its speaker."""
        for key, _events in self.outputs.select(seconds):
            stream = key.fileobj
            if isinstance(stream, int):
                continue
            text = os.read(stream.fileno(), 65536) if not getattr(stream, "closed", False) else b""
            if not text:
                self.outputs.unregister(stream)
                continue
            for line in text.decode(errors="replace").splitlines():
                if line.strip():
                    self._say(key.data, line)

    def _say(self, name: str, line: str) -> None:
        # A reader who has gone away (``make run | head``) is no reason to fall over.
        with suppress(BrokenPipeError):
            self.say(f"{name:>6} | {line}")

    def _reap(self) -> None:
        for child in self.children:
            if child.process is not None and (code := child.process.poll()) is not None:
                self._pass_on_output(0)
                pause = child.bury()
                self._tell_guard()
                self._say(child.name, f"ended ({code}); starting again in {pause:g} s")

    def _stop(self) -> None:
        """End every child within seconds: asked first, then made to."""
        for child in self.children:
            if child.process is not None:
                # Its head alone: the web server takes leave of its own workers.
                child.process.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < deadline and any(
            child.process is not None and child.process.poll() is None for child in self.children
        ):
            self._pass_on_output(GLANCE_SECONDS)
        for child in self.children:
            if child.process is not None:
                child.signal_group(signal.SIGKILL)
                child.process.wait()
                child.process = None
        self._pass_on_output(0)
        self._tell_guard()
        if self.guard.stdin is not None:
            self.guard.stdin.close()
        self.guard.wait()


def answers(host: str, port: int) -> bool:
    """Whether the web server answers at all, whatever it says."""
    connection = HTTPConnection(host, port, timeout=1)
    try:
        connection.request("GET", "/healthz")
        connection.getresponse()
    except (OSError, HTTPException):
        return False
    else:
        return True
    finally:
        connection.close()


def site(listener: socket.socket, var: Path) -> list[Child]:
    """Return the three children of a site: the web server first, then worker and beat."""
    python, descriptor = sys.executable, listener.fileno()
    # Whoever runs a demo as root in a container knows it without six lines about it.
    calm = ["-W", "ignore:You're running the worker with superuser privileges"]
    celery = [python, *calm, "-m", "celery", "--quiet", "--app", "isecg"]
    return [
        Child(
            "web",
            [
                *(python, "-m", "gunicorn", "isecg.wsgi", "--bind", f"fd://{descriptor}"),
                *("--worker-class", "gthread", "--workers", "2", "--threads", "4"),
                *("--no-control-socket", "--graceful-timeout", "5", "--timeout", "60"),
                *("--worker-tmp-dir", str(var), "--log-level", "warning"),
            ],
            pass_fds=[descriptor],
        ),
        Child(
            "worker",
            [
                *(*celery, "worker", "--pool", "threads", "--concurrency", "4"),
                *("--without-gossip", "--without-mingle", "--without-heartbeat"),
                *("--loglevel", "WARNING"),
            ],
        ),
        # The schedule is a few ticks and never changes: in memory no file of it can spoil.
        Child(
            "beat",
            [*celery, "beat", "--scheduler", "celery.beat.Scheduler", "--loglevel", "WARNING"],
        ),
    ]
