"""What log records say they are about."""

import logging
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from distributed_ocr_pipeline.log_context import ContextLogger, LogContext, LogSettings, log_context
from distributed_ocr_pipeline.ocr.processes.parallel import ordered_map

LOGGER = ContextLogger("distributed_ocr_pipeline.somewhere")


def fields(record: logging.LogRecord) -> tuple[object, object, object]:
    return record.__dict__["shard_id"], record.__dict__["document_id"], record.__dict__["page"]


def test_records_have_the_fields_and_messages_begin_with_those_that_are_set(caplog: pytest.LogCaptureFixture) -> None:
    with log_context(shard_id="s1"):
        with log_context(document_id="d1"), log_context(page="5-8"):
            LOGGER.warning("%d words", 3)
        LOGGER.warning("done")
    LOGGER.warning("100 %")
    inner, outer, outside = caplog.records
    assert (fields(inner), inner.getMessage()) == (("s1", "d1", "5-8"), "shard_id=s1 document_id=d1 page=5-8: 3 words")
    assert (fields(outer), outer.getMessage()) == (("s1", "", ""), "shard_id=s1: done")
    assert (fields(outside), outside.getMessage()) == (("", "", ""), "100 %")


def test_an_id_is_never_taken_for_a_format(caplog: pytest.LogCaptureFixture) -> None:
    with log_context(document_id="100%s"):
        LOGGER.warning("%d words", 3)
    assert caplog.messages == ["document_id=100%s: 3 words"]


def test_threads_of_a_pool_have_the_context_of_the_caller_and_keep_their_own(caplog: pytest.LogCaptureFixture) -> None:
    def work(number: int) -> None:
        with log_context(document_id=f"d{number}"):
            LOGGER.warning("working")

    with ThreadPoolExecutor(4) as pool, log_context(shard_id="s1"):
        list(ordered_map(pool, work, range(20), ahead=8))
        LOGGER.warning("done")
    assert [fields(record) for record in caplog.records[-1:]] == [("s1", "", "")]
    assert {fields(record) for record in caplog.records[:-1]} == {("s1", f"d{number}", "") for number in range(20)}


def test_a_process_logs_as_it_is_told() -> None:
    code = f"""
from distributed_ocr_pipeline.log_context import *
{LogSettings(logging.DEBUG, LogContext("s7"))!r}.start()
ContextLogger("distributed_ocr_pipeline.somewhere").debug("hello")
print(LogSettings.current())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "DEBUG shard_id=s7: hello\n"
    assert done.stdout.strip() == repr(LogSettings(logging.DEBUG, LogContext("s7")))
