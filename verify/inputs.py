"""Questions about what a job finds of its input."""

from collections.abc import Callable

from verify.question import Question
from verify.site import Site

_NAMES = ("a/b/one.txt", "two.txt")
_STRANGE = ("ü é.txt", "plus+and%20.txt", "文書.txt")


def _files(*names: str) -> Callable[[Site], str]:
    def ask(site: Site) -> str:
        for name in names:
            site.put(f"data/{name}", b"1")
        return _seen(site, *names)

    return ask


def _seen(site: Site, *names: str) -> str:
    job = site.run_job(site.request("files", site.manifest(*names)))
    return str(job.get("FailureReason") or job.get("ExitMessage"))


def _deleted(site: Site) -> str:
    return _seen(site, "was-deleted.txt")


def _archived(site: Site) -> str:
    site.put("data/cold.txt", b"1", StorageClass="GLACIER")
    return _seen(site, "cold.txt")


QUESTIONS = (
    Question(
        "folders", "Do a manifest's keys keep their folders below LocalPath?", " | ".join(_NAMES), 6, _files(*_NAMES)
    ),
    Question(
        "names",
        "Which files do keys with letters of other scripts, plus and percent signs become?",
        " | ".join(sorted(_STRANGE)),
        6,
        _files(*_STRANGE),
    ),
    Question(
        "deleted",
        "What becomes of a job with a key that no longer exists?",
        "ClientError: Failed to download data",
        6,
        _deleted,
    ),
    Question(
        "archived",
        "What becomes of a job with an object in Glacier? (AWS bills 90 days of one byte.)",
        "ClientError: Failed to download data",
        6,
        _archived,
    ),
)
