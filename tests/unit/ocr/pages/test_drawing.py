"""Pages are drawn as far as the scratch folder has room for them; a full disk is no page's fault."""

import errno
import shutil
from collections import namedtuple
from pathlib import Path
from time import monotonic

import pytest

from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.errors import DocumentError, ErrorClass
from distributed_ocr_pipeline.ocr import Stop
from distributed_ocr_pipeline.ocr.engines.engines import make_engine
from distributed_ocr_pipeline.ocr.pages.drawing import Drawing, deferring_when_full
from distributed_ocr_pipeline.ocr.pages.in_progress import PageContext, PageInProgress
from distributed_ocr_pipeline.ocr.processes.cancellation import Stopped, TimeLimit
from tests.support.documents import printed_page, scanned_pdf, typed_pdf
from tests.support.sources import limit, opened

Usage = namedtuple("Usage", "total used free")
MEGABYTE = 1 << 20


@pytest.fixture(name="context")
def fixture_context(tmp_path: Path) -> PageContext:
    config, stop = OCRConfig(), Stop()
    return PageContext(config, make_engine(config, stop), tmp_path, None, stop)


def with_disk(monkeypatch: pytest.MonkeyPatch, total_mb: int, free_mb: int) -> None:
    usage = Usage(total_mb * MEGABYTE, (total_mb - free_mb) * MEGABYTE, free_mb * MEGABYTE)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)


def test_pages_are_drawn_one_by_one_where_there_is_not_room_for_all(
    tmp_path: Path, context: PageContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "drawn").mkdir()
    with opened(typed_pdf(tmp_path / "a.pdf", ["One", "Two", "Three"])) as source:
        surveys = source.survey(range(1, 4), limit())
        with_disk(monkeypatch, 90, 88)  # a page takes 22 MB of the 24 that are not held in reserve
        drawn = Drawing(source, tmp_path / "drawn", limit(), context).begin(surveys)
    assert [isinstance(page, PageInProgress) for page in drawn.values()] == [True] * 3


def test_a_page_larger_than_the_disk_fails_by_itself(
    tmp_path: Path, context: PageContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(typed_pdf(tmp_path / "a.pdf", ["One"])) as source:
        surveys = source.survey(range(1, 2), limit())
        with_disk(monkeypatch, 80, 80)
        [error] = Drawing(source, tmp_path, limit(), context).begin(surveys).values()
    assert isinstance(error, DocumentError) and error.error_class is ErrorClass.TOO_LARGE
    assert "takes 85 MB" in str(error)
    assert not context.stop.requested


def test_a_disk_that_others_have_filled_stops_the_work(
    tmp_path: Path, context: PageContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(typed_pdf(tmp_path / "a.pdf", ["One"])) as source:
        surveys = source.survey(range(1, 2), limit())
        with_disk(monkeypatch, 9999, 10)
        with pytest.raises(Stopped):
            Drawing(source, tmp_path, limit(), context).begin(surveys)
        assert context.stop.requested
        with pytest.raises(Stopped):
            Drawing(source, tmp_path, limit(), context).require_space()


def test_only_a_full_disk_defers(context: PageContext) -> None:
    with pytest.raises(Stopped), deferring_when_full(context):
        raise OSError(errno.ENOSPC, "no space")
    assert context.stop.requested
    with pytest.raises(PermissionError), deferring_when_full(context):
        raise OSError(errno.EACCES, "no permission")


def small_print(folder: Path) -> Path:
    printed_page(22, (2400, 3200)).save(folder / "a.pdf", resolution=300)
    return folder / "a.pdf"


@pytest.mark.parametrize("images", [True, False])
def test_small_print_is_drawn_finer_and_the_page_image_stays(images: bool, tmp_path: Path) -> None:
    config, stop = OCRConfig(dpi=150 if images else 300), Stop()
    context = PageContext(config, make_engine(config, stop), tmp_path, tmp_path if images else None, stop)
    with opened(small_print(tmp_path)) as source:
        drawing = Drawing(source, tmp_path, limit(), context)
        [page] = drawing.begin(source.survey(range(1, 2), limit())).values()
        assert isinstance(page, PageInProgress)
        [finer] = drawing.finer([page])
    assert finer.finest.dpi is not None and page.raster.dpi is not None and finer.finest.dpi > page.raster.dpi
    assert finer.notes[-1] == f"small print, read at {finer.finest.dpi} dpi"
    assert finer.raster == (page.raster if images else finer.finest)
    assert finer.seconds > page.seconds


def test_where_finer_drawing_fails_the_page_is_read_as_it_is(tmp_path: Path, context: PageContext) -> None:
    with opened(small_print(tmp_path)) as source:
        begun = Drawing(source, tmp_path, limit(), context).begin(source.survey(range(1, 2), limit()))
        [page] = begun.values()
        assert isinstance(page, PageInProgress)
        over = TimeLimit(page_seconds=30, until=monotonic() - 1)
        [same] = Drawing(source, tmp_path, over, context).finer([page])
    assert (same.raster, same.finest, same.notes) == (page.raster, page.finest, page.notes)


def test_large_print_is_not_drawn_again(tmp_path: Path, context: PageContext) -> None:
    with opened(scanned_pdf(tmp_path / "a.pdf", 1)) as source:
        drawing = Drawing(source, tmp_path, limit(), context)
        [page] = drawing.begin(source.survey(range(1, 2), limit())).values()
        assert isinstance(page, PageInProgress)
        assert drawing.finer([page]) == [page]
