"""How far a run's jobs are, by what they log: the log client stands in for CloudWatch."""

import logging
import re
from pathlib import Path

import pytest

from distributed_ocr_pipeline.client.job_progress import JobProgress
from distributed_ocr_pipeline.deployment import LOG_GROUP
from distributed_ocr_pipeline.run.progress import Progress
from local_aws.sagemaker.logs import GROUP
from tests.support.aws import Logs, refusal

PROJECT = Path(__file__).parents[3]


def line(shard: str, documents: int, pages: int, run: str = "r1") -> str:
    return f"INFO progress run_id={run} shard_id={shard} documents={documents} pages={pages}"


LATE = 32_503_680_000_000  # ms; the year 3000


def test_the_last_line_of_every_shard_counts() -> None:
    logs = Logs([(1, line("a", 1, 1)), (2, line("b", 5, 50))], [(LATE, line("a", 2, 20)), (3, "INFO other")], [])
    progress = JobProgress(logs, "r1")
    assert progress.read() == Progress(6, 51)
    assert progress.read() == progress.read() == Progress(7, 70)


def test_only_new_lines_of_the_run_are_fetched() -> None:
    logs = Logs([(LATE, line("a", 1, 1)), (LATE, line("a", 9, 9, run="r2"))], [])
    progress = JobProgress(logs, "r1")
    progress.read()
    assert progress.read() == Progress(1, 1)
    assert [call["logGroupName"] for call in logs.calls] == [LOG_GROUP] * 2
    assert logs.calls[1]["startTime"] == LATE > logs.calls[0]["startTime"]
    assert logs.calls[0]["filterPattern"] == '"progress run_id=r1"'


def test_other_lines_are_echoed_once_and_progress_is_not() -> None:
    opened = (LATE, "DEBUG shard_id=a document_id=d: opened")
    logs, echoed = Logs([opened, (LATE, line("a", 1, 1))], [opened, (LATE, "INFO done")]), list[str]()
    progress = JobProgress(logs, "r1", echoed.append)
    assert progress.read() == progress.read() == Progress(1, 1)
    assert echoed == [opened[1], "INFO done"]
    assert "filterPattern" not in logs.calls[0]


def test_a_log_group_that_is_not_there_yet_is_looked_for_again(caplog: pytest.LogCaptureFixture) -> None:
    progress = JobProgress(Logs(refusal("ResourceNotFoundException"), [(1, line("a", 1, 1))]), "r1")
    assert progress.read() == Progress()
    assert progress.read() == Progress(1, 1)
    assert not caplog.records


def test_logs_that_may_not_be_read_cost_one_warning_and_not_the_run(caplog: pytest.LogCaptureFixture) -> None:
    logs = Logs(refusal("AccessDeniedException"))
    progress = JobProgress(logs, "r1")
    with caplog.at_level(logging.WARNING):
        assert progress.read() == progress.read() == Progress()
    (warning,) = caplog.messages
    assert warning.startswith("Progress is not shown: ") and "AccessDeniedException" in warning
    assert len(logs.calls) == 1


def test_all_say_the_same_log_group() -> None:
    monitoring = (PROJECT / "modules/monitoring/main.tf").read_text(encoding="utf-8")
    assert re.findall(r'job_log_group += "(.*)"', monitoring) == [LOG_GROUP]
    assert GROUP == LOG_GROUP
