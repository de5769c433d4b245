"""Tells stories, each in a fork of its own that waits to be traced: one line of JSON each, `[name, root, api, run id]`.

It answers with the fork's process id, and when that has ended with its exit code. Imports are done once, here. A fork
ends as the command line would: an error of ours is one line and its exit code; what nobody foresaw is a traceback.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from pathlib import Path

from company_activity.errors import CompanyActivityError

from reliability.storage.stories import STORIES, Given


def tell(name: str, root: str, api: str, run_id: str) -> int:
    """Do what the story does, once somebody lets us; what is printed goes to a file beside the place."""
    for number, ending in ((1, ".out"), (2, ".err")):
        os.dup2(os.open(f"{root}{ending}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    os.kill(os.getpid(), signal.SIGSTOP)
    try:
        return STORIES[name].act(Given(Path(root), api, run_id)) or 0
    except CompanyActivityError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except Exception:
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()


def serve() -> None:
    """One story after the other, until nobody asks for more."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os._exit(tell(*json.loads(line)))
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    serve()
