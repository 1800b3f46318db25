"""Log events and metrics from what a job prints."""

import json
import logging
from typing import Any

import pytest

from local_aws.sagemaker.logs import GROUP, JobLog, embedded_metrics


def emf(**changes: Any) -> str:
    directive = {"Namespace": "N", "Dimensions": [["D"]], "Metrics": [{"Name": "M", "Unit": "Count"}]}
    return json.dumps({"_aws": {"Timestamp": 1000, "CloudWatchMetrics": [directive]}, "D": "d", "M": 2} | changes)


def test_a_metric_line_becomes_metric_data() -> None:
    ((namespace, (data,)),) = embedded_metrics(emf())
    assert (namespace, data["MetricName"], data["Values"], data["Unit"]) == ("N", "M", [2.0], "Count")
    assert data["Dimensions"] == [{"Name": "D", "Value": "d"}]


@pytest.mark.parametrize("line", ["", "text", "{", '{"a": 1}', "prefix " + emf(), emf(D=1), emf(M="two")])
def test_other_lines_are_no_metrics(line: str) -> None:
    assert not list(embedded_metrics(line))


class Store:
    """Takes log events as CloudWatch does, in calls of limited size; `refuses` of them fail first."""

    class exceptions:  # pylint: disable=invalid-name
        ResourceAlreadyExistsException = KeyError

    def __init__(self, refuses: int = 0) -> None:
        self.refuses = refuses
        self.calls: list[int] = []
        self.lines: list[str] = []

    def create_log_group(self, **_: Any) -> None:
        raise KeyError

    def create_log_stream(self, **_: Any) -> None:
        pass

    def put_log_events(self, **request: Any) -> None:
        if self.refuses:
            self.refuses -= 1
            raise OSError("no room")
        messages = [event["message"] for event in request["logEvents"]]
        self.calls.append(sum(len(message.encode()) + 26 for message in messages))
        self.lines += messages


def test_much_output_is_sent_in_calls_that_cloudwatch_accepts() -> None:
    store = Store()
    log = JobLog(store, store, "job")  # type: ignore[arg-type]
    lines = [f"{number} " + "x" * 100_000 for number in range(30)]
    for line in lines:
        log.write(line.encode())
    log.flush()
    log.flush()
    assert store.lines == lines
    assert max(store.calls) <= 1_048_576


def test_lines_that_cannot_be_stored_are_a_warning_and_not_the_jobs_end(caplog: pytest.LogCaptureFixture) -> None:
    store = Store(refuses=1)
    log = JobLog(store, store, "job")  # type: ignore[arg-type]
    with caplog.at_level(logging.WARNING):
        log.write(b"lost")
        log.flush()
    log.write(b"kept")
    log.flush()
    assert store.lines == ["kept"]
    assert "could not be stored: no room" in caplog.text


def test_the_log_group_is_sagemakers() -> None:
    assert GROUP == "/aws/sagemaker/ProcessingJobs"
