"""PDF/A as a checker sees it that is not ours: Preflight of PDFBox (Debian: libpdfbox2-java), on what a job makes.

Preflight knows PDF/A-1b alone. What a scan needs of it and of 2b is the same, but for what 1b forbids: the number of
the standard, and objects that are stored in streams. So copies of the files that claim 1 are checked. It also wants XML
names to be declared where RDF begins.
"""

import shutil
import subprocess
from pathlib import Path

import pikepdf
import pytest
from lxml import etree
from pikepdf import Name

from tests.support.copies import PROJECT
from tests.support.made_outputs import make_outputs

JARS = Path("/usr/share/java")
NEEDED = ("preflight", "pdfbox2", "xmpbox", "fontbox2", "commons-logging", "javax.activation", "jaxb-api")
DOCUMENTS = PROJECT / "examples" / "documents"
FIT = ("scan-skewed.pdf", "scan-turned-90.pdf", "scan-noisy.pdf", "fax.tif", "photo.jpg", "invoice.webp", "blank.pdf")
UNFIT = {
    "born-digital.pdf": "page 1 has text of its own",
    "mixed.pdf": "page 1 has text of its own",
    "receipt.jp2": "page 1 has a picture stored as /JPXDecode",
}
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"

has_preflight = pytest.mark.skipif(
    not shutil.which("java") or not all((JARS / f"{name}.jar").exists() for name in NEEDED),
    reason="Debian: apt-get install default-jre-headless libpdfbox2-java libactivation-java libjaxb-api-java",
)


def claiming_1b(made: Path, folder: Path) -> Path:
    target = folder / made.name
    with pikepdf.open(made) as pdf:
        packet = pdf.Root.Metadata.read_bytes()
        assert packet.count(b">2</pdfaid:part>") == 1
        tree = etree.fromstring(packet.replace(b">2</pdfaid:part>", b">1</pdfaid:part>"))
        names = {str(node.prefix): node.nsmap[node.prefix] for node in tree.iter() if node.prefix}
        [description] = tree.iter(f"{RDF}Description")
        etree.cleanup_namespaces(description, top_nsmap=names)
        begin, end = b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>', b'<?xpacket end="w"?>'
        packet = begin + etree.tostring(tree) + end
        pdf.Root.Metadata = pdf.make_stream(packet, Type=Name.Metadata, Subtype=Name.XML)
        pdf.save(target, object_stream_mode=pikepdf.ObjectStreamMode.disable, force_version="1.4")
    return target


def preflight(file: Path) -> str:
    jars = ":".join(str(JARS / f"{name}.jar") for name in NEEDED)
    command = ["java", "-cp", jars, "org.apache.pdfbox.preflight.Validator_A1b", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


@has_preflight
def test_preflight_finds_nothing_wrong(tmp_path: Path) -> None:
    made = make_outputs([DOCUMENTS / name for name in FIT], tmp_path, outputs=["pdfa"])
    for name in FIT:
        found = preflight(claiming_1b(made.files(name)["pdfa"], tmp_path / "scratch"))
        assert "is a valid PDF/A-1b file" in found, f"{name}: {found}"


@has_preflight
def test_preflight_finds_what_a_searchable_pdf_lacks(tmp_path: Path) -> None:
    """So that it is known to look."""
    made = make_outputs([DOCUMENTS / "fax.tif"], tmp_path, outputs=["searchable_pdf"])
    assert "is not a valid PDF/A-1b file" in preflight(made.files("fax.tif")["searchable_pdf"])


def test_what_is_no_scan_is_named_with_the_reason(tmp_path: Path) -> None:
    made = make_outputs([DOCUMENTS / name for name in UNFIT], tmp_path, outputs=["pdfa"])
    for name, why in UNFIT.items():
        assert why in made.errors(name)["pdfa"]
