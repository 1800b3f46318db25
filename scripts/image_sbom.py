"""Writes what is in the image as CycloneDX: python scripts/image_sbom.py FILE.

dpkg lists the Debian packages, their metadata the Python packages, both inside the image.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot5
from packageurl import PackageURL

_IN_IMAGE = Path(__file__).with_name("in-image.sh")
_DEBIAN = ["dpkg-query", "--show", "--showformat", "${Package}\\t${Version}\\t${Architecture}\\n"]
_PYTHON = """
import json, platform
from importlib.metadata import distributions
found = {item.metadata["Name"]: item.version for item in distributions()}
print(json.dumps({"python": platform.python_version(), "packages": found}))
"""


def image_sbom() -> Bom:
    """One component for each package; the image itself is their subject."""
    image = Component(name="distributed-ocr-pipeline", bom_ref="image", type=ComponentType.CONTAINER)
    bom = Bom(components=[*_debian_packages(), *_python_packages()])
    bom.metadata.component = image
    bom.register_dependency(image, bom.components)
    return bom


def _debian_packages() -> Iterator[Component]:
    for line in _in_image(_DEBIAN).splitlines():
        name, version, architecture = line.split("\t")
        yield _component(PackageURL("deb", "debian", name, version, {"arch": architecture}))


def _python_packages() -> Iterator[Component]:
    found = json.loads(_in_image(["python", "-c", _PYTHON]))
    yield _component(PackageURL("generic", None, "python", found["python"]))
    for name, version in found["packages"].items():
        yield _component(PackageURL("pypi", None, name.lower().replace("_", "-"), version))


def _component(purl: PackageURL) -> Component:
    return Component(
        name=purl.name, version=purl.version, purl=purl, bom_ref=purl.to_string(), type=ComponentType.LIBRARY
    )


def _in_image(command: list[str]) -> str:
    return subprocess.run([_IN_IMAGE, *command], stdout=subprocess.PIPE, check=True, text=True).stdout


if __name__ == "__main__":
    sbom = image_sbom()
    Path(sys.argv[1]).write_text(JsonV1Dot5(sbom).output_as_string(indent=2), encoding="utf-8")
    sys.stderr.write(f"{sys.argv[1]}: {len(sbom.components)} packages\n")
