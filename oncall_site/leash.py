"""`python leash.py SIGNAL COMMAND…`: become COMMAND, and get SIGNAL when the process that started it dies.

Linux keeps this promise over the exec, so that even a supervisor killed with SIGKILL leaves nobody behind.
Elsewhere the command simply runs. The standard library alone: it stands between the start and every process.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(signal_number: str, parent: str, *command: str) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal_number))
        if os.getppid() != int(parent):  # it died before the promise was made
            sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606  # no shell is wanted


if __name__ == "__main__":
    main(*sys.argv[1:])
