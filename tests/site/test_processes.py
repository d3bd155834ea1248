"""The supervisor: starts, watches, stops; and leaves nobody behind, however it ends."""

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from oncall_site.processes import Process, Supervisor
from tests.servers import wait_until

FOREVER = "import time\nwhile True: time.sleep(0.1)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('ready', flush=True)\n" + FOREVER
PARENT = (
    "import subprocess, sys\n"
    f"child = subprocess.Popen([sys.executable, '-c', {FOREVER!r}])\n"
    "print(child.pid, flush=True)\nchild.wait()"
)
SUPERVISOR = f"""
import sys, time
from oncall_site.processes import Process, Supervisor
supervisor = Supervisor({{}})
supervisor.start([Process("one", [sys.executable, "-c", {FOREVER!r}])])
print(supervisor.running[0].popen.pid, flush=True)
time.sleep(60)
"""


def python(name: str, program: str, **options: object) -> Process:
    return Process(name, [sys.executable, "-c", program], **options)


def lives(pid: int) -> bool:
    """Whether a process runs; one that has ended and that nobody has asked for yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def supervisor():
    one = Supervisor(dict(os.environ), terminal=io.StringIO())
    yield one
    one.stop()


def test_what_a_process_says_is_passed_on_with_its_name(supervisor):
    supervisor.start([python("clerk", "print('good morning', flush=True)\n" + FOREVER)])
    wait_until(lambda: "clerk │ good morning" in supervisor.terminal.getvalue(), "nothing was said")


def test_a_process_that_dies_is_started_again_after_a_pause_that_grows(supervisor):
    supervisor.start([python("clerk", "raise SystemExit(3)")])
    for pause in (1, 2):
        expected = f"clerk ended with code 3; it is started again in {pause} s"
        wait_until(lambda: supervisor.watch() or expected in supervisor.terminal.getvalue(), expected)  # noqa: B023


def test_a_killed_process_is_replaced_and_its_children_with_it(supervisor):
    supervisor.start([python("parent", PARENT)])
    wait_until(lambda: supervisor.terminal.getvalue().strip(), "the child did not start")
    first, child = supervisor.running[0].popen, int(supervisor.terminal.getvalue().split()[-1])
    first.kill()
    wait_until(lambda: supervisor.watch() or not lives(child), "the child of the dead process still runs")
    assert "parent was killed by SIGKILL" in supervisor.terminal.getvalue()
    wait_until(lambda: supervisor.watch() or supervisor.running[0].popen, "it was not started again")
    assert supervisor.running[0].popen.pid != first.pid


@pytest.mark.serial
def test_stopping_takes_less_than_five_seconds_even_from_a_process_that_does_not_listen(supervisor):
    supervisor.start([python("broker", FOREVER, is_last=True), python("deaf", DEAF), python("parent", PARENT)])
    wait_until(lambda: supervisor.terminal.getvalue().count("\n") == 2, "they did not start")
    child = int(next(word for word in supervisor.terminal.getvalue().split() if word.isdecimal()))
    pids = [one.popen.pid for one in supervisor.running]
    began = time.monotonic()
    supervisor.stop()
    assert time.monotonic() - began < 5
    assert not [pid for pid in [*pids, child] if lives(pid)]


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone ends a process when its parent dies")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_process_outlives_its_supervisor_however_it_dies(number):
    supervisor = subprocess.Popen([sys.executable, "-c", SUPERVISOR], stdout=subprocess.PIPE, text=True)
    with supervisor:
        child = int(supervisor.stdout.readline())
        wait_until(lambda: b"leash" not in Path(f"/proc/{child}/cmdline").read_bytes(), "the child did not start")
        supervisor.send_signal(number)
    wait_until(lambda: not lives(child), "the child outlived its supervisor")
