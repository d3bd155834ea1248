"""The processes of `manage.py run`: started, watched, started again, stopped together.

Nothing here knows what they do; `management/commands/run.py` names them.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

LEASH = Path(__file__).with_name("leash.py")
STOP_WITHIN = 3.5  # seconds for those that use the broker; it ends after them
STOP_LAST_WITHIN = 1.0
CALM_AFTER = 30.0  # a process that lived this long starts its backoff anew
LONGEST_PAUSE = 30.0


@dataclass(frozen=True)
class Process:
    """What to start. `is_last` outlives the others, which need it until they end."""

    name: str
    command: Sequence[str]
    orphaned: signal.Signals = signal.SIGKILL
    is_last: bool = False


@dataclass
class Running:
    """One process at work, or waiting to be started again at `start_at` (monotonic seconds)."""

    process: Process
    popen: subprocess.Popen[str] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    pause: float = 1.0


@dataclass
class Supervisor:
    """Keeps processes running until it is told to stop; from the main thread, whose death ends its children."""

    environment: Mapping[str, str]
    terminal: IO[str] = field(default_factory=lambda: sys.stdout)
    running: list[Running] = field(default_factory=list)
    stopping: bool = False
    _terminal_lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, processes: Sequence[Process]) -> None:
        """Start them in order."""
        for process in processes:
            one = Running(process)
            self.running.append(one)
            self._start(one)

    def request_stop(self, *_: object) -> None:
        """What a signal calls: the loops look at it several times a second."""
        self.stopping = True

    def watch(self) -> None:
        """Start again whoever ended by itself: after one second, then two, four, … thirty. One line each."""
        for one in self.running:
            if one.popen is None:
                if time.monotonic() >= one.start_at:
                    self._start(one)
            elif one.popen.poll() is not None:
                self._ended(one, one.popen.returncode)

    def stop(self) -> None:
        """End everything, first kindly and then surely; a whole process group at a time, so that nobody is left."""
        self.stopping = True
        for last, seconds in ((False, STOP_WITHIN), (True, STOP_LAST_WITHIN)):
            self._stop([one.popen for one in self.running if one.popen and one.process.is_last is last], seconds)

    def say(self, name: str, line: str) -> None:
        """One whole line on the terminal, whoever else is speaking. A terminal that has gone is no reason to fall."""
        with self._terminal_lock:
            try:
                print(f"{name:>8} │ {line}", file=self.terminal, flush=True)
            except OSError:
                self.stopping = True

    def _start(self, one: Running) -> None:
        leash = [sys.executable, "-S", str(LEASH), str(int(one.process.orphaned)), str(os.getpid())]
        one.started_at = time.monotonic()
        one.popen = subprocess.Popen(
            [*leash, *one.process.command],
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # a Ctrl-C is the supervisor's to hear; and a group can be ended as a whole
        )
        threading.Thread(target=self._pass_on, args=(one.process.name, one.popen.stdout), daemon=True).start()

    def _pass_on(self, name: str, output: IO[str]) -> None:
        with output:
            for line in output:
                if line.strip():
                    self.say(name, line.rstrip())

    def _ended(self, one: Running, code: int) -> None:
        assert one.popen is not None
        _signal_group(one.popen, signal.SIGKILL)  # what it may have left behind
        one.popen = None
        if time.monotonic() - one.started_at > CALM_AFTER:
            one.pause = 1.0
        one.start_at = time.monotonic() + one.pause
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        self.say("tandem", f"{one.process.name} {how}; it is started again in {one.pause:.0f} s")
        one.pause = min(one.pause * 2, LONGEST_PAUSE)

    @staticmethod
    def _stop(children: Sequence[subprocess.Popen[str]], seconds: float) -> None:
        for child in children:
            child.terminate()
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up and any(child.poll() is None for child in children):
            time.sleep(0.02)
        for child in children:
            _signal_group(child, signal.SIGKILL)
            child.wait()


def _signal_group(child: subprocess.Popen[str], number: signal.Signals) -> None:
    """Signal a process and whatever it started; gone already is good enough."""
    try:
        os.killpg(child.pid, number)
    except (ProcessLookupError, PermissionError):
        return
