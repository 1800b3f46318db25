"""The command line: `ocr-pipeline`, or `python -m distributed_ocr_pipeline.main`.

Everything is loaded in `main`, so that Ctrl-C ends it with one line from its first moment on.
"""

import signal
import sys
from collections import namedtuple
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the pipeline as the arguments say; returns the exit status."""
    try:
        # pylint: disable-next=import-outside-toplevel
        from distributed_ocr_pipeline.client.command_line.calling import call

        return call(list(sys.argv[1:] if arguments is None else arguments))
    except KeyboardInterrupt:
        print("ocr-pipeline: error: Interrupted before anything began.", file=sys.stderr)
        return 130  # ExitCode.INTERRUPTED, which may not be loaded yet
    finally:
        if arguments is None:  # the process ends here, and Ctrl-C could only take its exit status away
            _keep_the_exit_status()


def _keep_the_exit_status() -> None:
    """Let no Ctrl-C end the process: neither one more, nor one that has been dealt with.

    CPython (`run_eval_code_obj`) notes a Ctrl-C that leaves code which was given as a string, by which dataclasses and
    named tuples are made when a module is loaded. At its end it kills itself by SIGINT if that is noted, although the
    Ctrl-C was caught; the next code of this kind clears the note.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    namedtuple("Nothing", ())


if __name__ == "__main__":
    sys.exit(main())
