"""What a job does for a question. Runs in the container: python3 probes.py NAME; the standard library only."""

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(os.environ.get("OCR_ML_ROOT", "/opt/ml"))
DATA = ROOT / "processing/input/data"
NAMESPACE = "DistributedOCRPipeline/Verify"
_CHUNK_BYTES = 64 * 1024**2
_SLEEP_SECONDS = 600


def leave(message: str) -> None:
    """Leave the job's exit message."""
    folder = ROOT / "output"
    folder.mkdir(exist_ok=True)
    (folder / "message").write_text(message, encoding="utf-8")


def files() -> int:
    """List the files of the input `data`."""
    found = sorted(str(path.relative_to(DATA)) for path in DATA.rglob("*") if path.is_file())
    leave(" | ".join(found) or "nothing")
    return 0


def fail() -> int:
    """Fail as this project's containers do."""
    leave("FINAL 64 asked to fail")
    return 64


def sleep() -> int:
    """Wait to be stopped."""
    print("asleep", flush=True)
    time.sleep(_SLEEP_SECONDS)
    return 0


def exhaust() -> int:
    """Take memory until the kernel ends this process; a plain process of the stand-in only says so."""
    held = []
    end = time.monotonic() + _SLEEP_SECONDS
    while time.monotonic() < end:
        print("taking memory", flush=True)
        if "OCR_ML_ROOT" in os.environ:
            time.sleep(1)
        else:
            held.append(b"x" * _CHUNK_BYTES)
    return 1


def metric() -> int:
    """Print one metric in the embedded metric format, under the name of this job."""
    config = json.loads((ROOT / "config/processingjobconfig.json").read_text(encoding="utf-8"))
    directive = {"Namespace": NAMESPACE, "Dimensions": [["Job"]], "Metrics": [{"Name": "Probe", "Unit": "Count"}]}
    about = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}
    print(json.dumps({"_aws": about, "Job": config["ProcessingJobName"], "Probe": 1}), flush=True)
    return 0


def cpu() -> int:
    """Read the page images of the input `data` with one thread; the CPU seconds of each."""
    pages = [path for path in DATA.rglob("*") if path.is_file()]
    for page in pages:
        command = ["tesseract", str(page), "-", "--dpi", "300"]
        subprocess.run(command, env=os.environ | {"OMP_THREAD_LIMIT": "1"}, check=True, stdout=subprocess.DEVNULL)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    leave(f"{(used.ru_utime + used.ru_stime) / len(pages):.2f} CPU seconds a page")
    return 0


PROBES = {probe.__name__: probe for probe in (files, fail, sleep, exhaust, metric, cpu)}

if __name__ == "__main__":
    sys.exit(PROBES[sys.argv[1]]())
