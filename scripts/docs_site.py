"""What MkDocs does not know of this project (`hooks` in mkdocs.yml): pages of the site that lie outside of docs/.

Links in the pages are those between files of the repository, so that they work there too. A link to a file that is no
page leads to a copy of it in the site. A link to nothing ends the build.
"""

import posixpath
import re
from pathlib import Path
from typing import Any

# MkDocs is installed for the site alone (.venv-docs).
from mkdocs.exceptions import PluginError  # pylint: disable=import-error
from mkdocs.structure.files import File, Files  # pylint: disable=import-error

PROJECT = Path(__file__).resolve().parents[1]
PAGES = {
    "README.md": "index.md",
    "examples/README.md": "examples.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
"""Files of the repository beside docs/ that are pages, and what they are called in the site."""

_LINK = re.compile(r"(?<=\]\()(?!\w+:|#)([^)#\s]+)")
_CODE = re.compile(r"(^```.*?^```$|`[^`\n]+`)", re.MULTILINE | re.DOTALL)


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that lie outside, and the files that pages link to."""
    for name, page in PAGES.items():
        files.append(File.generated(config, page, content=(PROJECT / name).read_text(encoding="utf-8")))
    for file in list(files.documentation_pages()):
        here = _in_repository(file.src_uri)
        for target in _targets(here, (PROJECT / here).read_text(encoding="utf-8")):
            if (copy := _in_site(target)).startswith("source/") and copy not in files.src_uris:
                files.append(File.generated(config, copy, content=(PROJECT / target).read_bytes()))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Turn links between files of the repository into links between files of the site."""
    here = _in_repository(page.file.src_uri)

    def in_site(link: re.Match[str]) -> str:
        return _in_site(_target(here, link[1]))

    parts = _CODE.split(markdown)  # every second one is code
    return "".join(part if number % 2 else _LINK.sub(in_site, part) for number, part in enumerate(parts))


def _targets(here: str, markdown: str) -> list[str]:
    """The files that a page links to, as paths in the repository."""
    return [_target(here, link) for part in _CODE.split(markdown)[::2] for link in _LINK.findall(part)]


def _target(here: str, link: str) -> str:
    target = posixpath.normpath(posixpath.join(posixpath.dirname(here), link))
    if not (PROJECT / target).is_file():
        raise PluginError(f"{here} links to {link}, and there is no such file.")
    return target


def _in_repository(page: str) -> str:
    """The file that a page of the site is made of."""
    return {site: name for name, site in PAGES.items()}.get(page, f"docs/{page}")


def _in_site(target: str) -> str:
    """Where a file of the repository is in the site, whose pages all lie in its root."""
    if target.startswith("docs/"):
        return target.removeprefix("docs/")
    return PAGES.get(target, f"source/{target.lstrip('.')}.txt")
