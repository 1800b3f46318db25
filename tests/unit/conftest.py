"""What the engine tests share: small documents made on the spot, and programs that misbehave."""

import os
import stat
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest

from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.ocr import Stop, process_documents
from distributed_ocr_pipeline.records import PageChunk, PageResult
from tests.support.documents import Ledger, document

_FAKE_TESSERACT = """
import os, signal, subprocess, sys, time
if "--version" in sys.argv:
    print("tesseract 0.0-fake"); sys.exit()
if "--list-langs" in sys.argv:
    print("List of available languages (1):"); print("eng"); sys.exit()
behaviour = {behaviour!r}
pages = open(sys.argv[1]).read().split()
rows = []
for index, page in enumerate(pages):
    print("Page", index, ":", page, file=sys.stderr, flush=True)
    name = "page " + os.path.basename(page).split("-")[1]
    what = behaviour.get(name, "read")
    if what == "hang":
        child = subprocess.Popen(["sleep", "600"])
        open({folder!r} + "/sleeper", "w").write(str(child.pid))
        time.sleep(600)
    if what == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if what == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "memory":
        hoard = bytearray(1 << 33)
    if what == "refuse":
        print("Error in pixRead: pix not read", file=sys.stderr); sys.exit(1)
    if what == "garbage":
        open(sys.argv[2] + ".tsv", "wb").write(os.urandom(2000)); sys.exit()
    if what == "nothing":
        sys.exit()
    if what == "slow":
        time.sleep(0.8)
    if what == "measure":
        from PIL import Image
        name = "%d pixels wide" % Image.open(page).width
    rows += ["1\\t%d\\t0\\t0\\t0\\t0\\t0\\t0\\t9\\t9\\t-1\\t" % (index + 1)]
    sparse = "--psm" in sys.argv and sys.argv[sys.argv.index("--psm") + 1] == "11"  # what is left beside these words
    for number, word in enumerate("" if sparse else ("word " + name).split(), 1):
        rows.append("5\\t%d\\t1\\t1\\t1\\t%d\\t1\\t2\\t3\\t4\\t91.5\\t%s" % (index + 1, number, word))
open(sys.argv[2] + ".tsv", "w").write("\\n".join(["level\\tpage_num", *rows]))
"""


@pytest.fixture
def install_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """Put a Python script on the search path before the real program of that name."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    def install(name: str, source: str) -> Path:
        script = folder / name
        script.write_text(f"#!{sys.executable}\n{textwrap.dedent(source)}", encoding="utf-8")
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        return script

    return install


@pytest.fixture
def fake_tesseract(tmp_path: Path, install_program: Callable[[str, str], Path]) -> Callable[..., None]:
    """Install a Tesseract that reads the one word "word" on every page, except where it is to misbehave."""

    def install(**behaviour: str) -> None:
        by_file = {f"page {name[1:]}": what for name, what in behaviour.items()}
        install_program("tesseract", _FAKE_TESSERACT.format(behaviour=by_file, folder=str(tmp_path)))

    return install


@pytest.fixture
def process(tmp_path: Path) -> Callable[..., Ledger]:
    """Process files with the given options; each document's row with its pages."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()

    def run(
        paths: Iterable[Path],
        *,
        stop: Stop | None = None,
        workers: int = 2,
        passwords: Sequence[str] = (),
        **options: object,
    ) -> Ledger:
        sources = [(document(path), path) for path in paths]
        ledger: Ledger = []
        pages: list[PageResult] = []
        config = OCRConfig(**({"text_layer": "ignore"} | options))
        images = tmp_path / "images"
        for item in process_documents(
            sources, config, scratch=scratch, images=images, stop=stop or Stop(), workers=workers, passwords=passwords
        ):
            if isinstance(item, PageChunk):
                pages.extend(item.pages)
            else:
                ledger.append((item, pages))
                pages = []
        assert not pages
        assert not list(scratch.iterdir()), "scratch files were left behind"
        return ledger

    return run
