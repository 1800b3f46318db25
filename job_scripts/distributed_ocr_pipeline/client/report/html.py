"""Records to HTML. What comes from a document is escaped by the template engine, and could not run if it were not.

The page's policy (Content Security Policy level 3, as a meta element) allows the one script and the one style sheet
that are in the file, by their hashes, pictures that are in the file, and nothing else.
"""

import re
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime, timezone
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from distributed_ocr_pipeline import __version__
from distributed_ocr_pipeline.client.report.charts import confidence_bars, exact_moment, throughput_bars
from distributed_ocr_pipeline.client.report.failures import explain
from distributed_ocr_pipeline.client.report.names import below, readable
from distributed_ocr_pipeline.client.report.page_views import BANDS, PageView, band
from distributed_ocr_pipeline.client.report.run_report import RunReport, folder_name
from distributed_ocr_pipeline.wording import between, count_of, printable, readable_size

_TEMPLATES = Path(__file__).parent / "templates"
_CODE = re.compile("`([^`]+)`")


def run_report_html(report: RunReport) -> str:
    """The report of a run as one HTML document."""
    classes = sorted({str(row[2]) for row in report.documents.rows if row[2]})
    return _page(
        "report.html.j2",
        "report.js",
        report=report,
        folder=folder_name(report),
        confidence=confidence_bars(report.confidence_bins),
        throughput=throughput_bars(report.throughput) if report.throughput else [],
        advice={name: explain(name)[1] for name in classes},
        statuses=sorted({str(row[1]) for row in report.documents.rows}),
        classes=classes,
    )


def document_html(address: str, pages: Sequence[PageView], page_count: int, no_text: str = "No text.") -> str:
    """Pages of a document beside their text, as one HTML document; `no_text` stands beside pages without any."""
    return _page(
        "document.html.j2", "document.js", address=address, pages=pages, page_count=page_count, no_text=no_text
    )


def _page(template: str, script: str, **values: Any) -> str:
    style_text, script_text = _read("style.css"), _read(script)
    return (
        _environment()
        .get_template(template)
        .render(
            style=Markup(style_text),  # ours
            script=Markup(script_text),
            policy=_policy(style_text, script_text),
            bands=BANDS,
            version=__version__,
            **values,
        )
    )


def _policy(style: str, script: str) -> str:
    nothing = "default-src 'none'; base-uri 'none'; form-action 'none'"
    return f"{nothing}; img-src data:; style-src '{_hash(style)}'; script-src '{_hash(script)}'"


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _read(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "band": band,
        "between": lambda bounds, form: between(bounds[0], bounds[1], form),
        "below": lambda address, folder: below(folder, address),
        "count": "{:,}".format,
        "count_of": count_of,
        "duration": duration,
        "exact_moment": exact_moment,
        "moment": moment,
        "printable": printable,
        "readable": readable,
        "size": readable_size,
        "with_code": with_code,
    }
    return environment


def with_code(text: str) -> Markup:
    """Text as HTML; what stands between backticks is code, as in all that this project advises."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))


def moment(when: datetime) -> str:
    """A time in UTC, to the minute."""
    return f"{when.astimezone(timezone.utc):%Y-%m-%d %H:%M}"


def duration(milliseconds: float) -> str:
    """A length of time, rounded to what matters."""
    seconds = milliseconds / 1000
    if seconds < 100:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
