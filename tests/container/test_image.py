"""The built image: what is in it, what is not, and how its entry point behaves."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.image import BUILT_WITH, PROJECT, in_container


def test_no_file_is_writable_by_everybody(container: str) -> None:
    found = in_container(container, "find", "/", "-xdev", "-perm", "-0002", "!", "-type", "l", "!", "-type", "c")
    open_to_all = [path for path in found.split() if not path.startswith(("/proc", "/sys", "/dev"))]
    sticky = in_container(container, "find", "/", "-xdev", "-type", "d", "-perm", "-1002").split()
    assert set(open_to_all) <= set(sticky)


def test_no_program_runs_with_the_rights_of_another_user(container: str) -> None:
    assert in_container(container, "find", "/", "-xdev", "-type", "f", "-perm", "/6000") == ""


def test_it_holds_the_jobs_and_nothing_that_runs_on_a_users_machine(container: str) -> None:
    package = "/opt/ocr/distributed_ocr_pipeline"
    absent = f"{package}/client {package}/deployment.py {package}/local {package}/main.py /opt/ocr/local_aws"
    assert in_container(container, "sh", "-c", f"ls -d {absent} 2>/dev/null; true") == ""
    program = "import distributed_ocr_pipeline, plan_shards, process_shard, check_shard, report_run; print('imported')"
    assert in_container(container, "sh", "-c", f'cd /opt/ocr && python -c "{program}"') == "imported\n"


def test_no_compiler_cache_or_build_setting_is_left(container: str) -> None:
    programs = "gcc cc g++ make ld as git curl wget"
    assert in_container(container, "sh", "-c", f"for name in {programs}; do command -v $name; done; true") == ""
    places = "/root/.cache /build /run/secrets /etc/pip.conf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb /opt/ml"
    assert in_container(container, "sh", "-c", f"ls -d {places} 2>/dev/null; true") == ""


def test_nothing_in_it_looks_like_a_secret(container: str) -> None:
    names = (
        r"\( -name .env -o -name '*.tfvars' -o -name '*.tfstate' -o -name .git -o -name credentials -o -name 'id_*' \)"
    )
    assert in_container(container, "sh", "-c", f"find / -xdev {names} -not -path '/proc/*'") == ""
    pattern = "AKIA[0-9A-Z]{16}|BEGIN [A-Z ]*PRIVATE KEY|extra-index-url"
    places = "/opt/ocr /etc /root /home"
    assert in_container(container, "sh", "-c", f"grep -rlIE '{pattern}' {places} 2>/dev/null; true") == ""


def test_the_environment_holds_nothing_of_the_machine_that_built_it(image: str) -> None:
    inspected = subprocess.run(["buildah", "inspect", "--type", "image", image], stdout=subprocess.PIPE, check=True)
    config = json.loads(inspected.stdout)["OCIv1"]["config"]
    assert {entry.partition("=")[0] for entry in config["Env"]} == {
        "PATH",
        "LANG",
        "PYTHONUNBUFFERED",
        "PYTHONDONTWRITEBYTECODE",
    }
    assert config["Entrypoint"] == ["/opt/ocr/entrypoint"]
    assert config["Labels"]["org.opencontainers.image.licenses"] == "MIT"


@pytest.mark.parametrize("arguments", [[], ["ocr"], ["plan", "report"]])
def test_the_entry_point_takes_one_known_argument(container: str, arguments: list[str]) -> None:
    shown = in_container(container, "sh", "-c", f"/opt/ocr/entrypoint {' '.join(arguments)} 2>&1; echo status $?")
    assert "plan, process, check or report" in shown and "status 64" in shown


def test_a_job_has_no_capabilities_and_cannot_gain_any(container: str) -> None:
    # A python that shows how the entry point starts it.
    fake = "mkdir /tmp/fake; printf '#!/bin/sh\\ncat /proc/self/status' > /tmp/fake/python; chmod +x /tmp/fake/python"
    shown = in_container(container, "sh", "-c", f"{fake}; PATH=/tmp/fake:$PATH /opt/ocr/entrypoint plan")
    status = dict(line.split(":\t", 1) for line in shown.splitlines() if ":\t" in line)
    assert status["NoNewPrivs"] == "1"
    assert {name: int(status[name], 16) for name in ("CapPrm", "CapEff", "CapBnd")} == {
        "CapPrm": 0,
        "CapEff": 0,
        "CapBnd": 0,
    }


def test_both_engines_are_there_with_english(container: str) -> None:
    assert {"eng", "osd"} <= set(in_container(container, "tesseract", "--list-langs").split())
    program = "import tesserocr; print(*tesserocr.get_languages('/usr/share/tesseract-ocr/5/tessdata/')[1])"
    assert "eng" in in_container(container, "python", "-c", program).split()


FAST_LIBRARIES = "/usr/local/lib/x86_64-linux-gnu/glibc-hwcaps/x86-64-v3"
DRAWN_PAGES = """
import random
from PIL import Image, ImageDraw, ImageFont, ImageOps
line = "Invoice 4711: 12 boxes of paper at 3.95, (fragile) & 7% off; to be paid by 2026-12-31!"
def drawn(columns):
    page = Image.new("L", (1700, 1100), 255)
    for row in range(20):
        font = ImageFont.load_default((18 + row) // columns)
        for column in range(columns):
            place = (60 + 820 * column, 40 + 50 * row)
            ImageDraw.Draw(page).text(place, line[row:] + line[:row], font=font)
    return page
page = drawn(1)
specks = page.copy()
dice = random.Random(1)
for _ in range(4000):
    specks.putpixel((dice.randrange(1700), dice.randrange(1100)), 90)
kinds = [page, drawn(2), ImageOps.invert(page), page.rotate(90, expand=True), specks, page.convert("RGB"), page.convert("1")]
for number, kind in enumerate(kinds):
    kind.save(f"/tmp/page-{number}.png")
print(*(f"/tmp/page-{number}.png" for number in range(len(kinds))), sep="\\n", file=open("/tmp/pages.txt", "w"))
"""


@pytest.mark.parametrize("library", ["libtesseract.so.5", "liblept.so.5"])
def test_libraries_built_for_speed_are_used_where_the_processor_can(container: str, library: str) -> None:
    can = "avx2" in Path("/proc/cpuinfo").read_text(encoding="ascii")
    module = in_container(container, "python", "-c", "import tesserocr; print(tesserocr.__path__[0])").strip()
    for user in ("/usr/bin/tesseract", f"{module}/*.so"):
        assert (f"{FAST_LIBRARIES}/{library}" in in_container(container, "sh", "-c", f"ldd {user}")) == can


@pytest.mark.parametrize("options", ["", "-c tessedit_do_invert=0 -c textord_all_prop=1", "--psm 11", "--psm 1"])
def test_they_read_what_debians_builds_read_to_the_last_letter_and_confidence(container: str, options: str) -> None:
    in_container(container, "python", "-c", DRAWN_PAGES)
    read = f"tesseract /tmp/pages.txt - {options} tsv 2>/dev/null"
    fast = in_container(container, "sh", "-c", read)
    debian = in_container(container, "sh", "-c", f"LD_LIBRARY_PATH=/usr/lib/x86_64-linux-gnu {read}")
    assert fast.count("paper") > 60
    assert fast == debian


def test_the_sbom_lists_debian_and_python_packages(image: str, tmp_path: Path) -> None:
    script, file = PROJECT / "scripts" / "image_sbom.py", tmp_path / "sbom.json"
    subprocess.run([sys.executable, script, file], env=os.environ | BUILT_WITH | {"OCR_LOCAL_IMAGE": image}, check=True)
    sbom = json.loads(file.read_text(encoding="utf-8"))
    kinds = {part["purl"].partition("@")[0] for part in sbom["components"]}
    assert sbom["bomFormat"] == "CycloneDX"
    assert {"pkg:deb/debian/tesseract-ocr", "pkg:deb/debian/poppler-utils", "pkg:pypi/pyarrow"} <= kinds
