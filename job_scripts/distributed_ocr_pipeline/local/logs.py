"""The `logs` command: the server's log and those of its jobs."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from distributed_ocr_pipeline.local.background import running, server_log
from local_aws.sagemaker.logs import GROUP

_PULSE_SECONDS = 1.0


def show_logs(folder: Path, *, follow: bool) -> None:
    """Print both; with `follow`, print new lines until interrupted."""
    client = running(folder).client("logs")
    events = _JobEvents(client)
    with server_log(folder).open(encoding="utf-8", errors="replace") as log:
        while True:
            for line in log:
                print(line, end="")
            for line in events.new():
                print(line, flush=True)
            if not follow:
                return
            time.sleep(_PULSE_SECONDS)


class _JobEvents:
    """The log events of all jobs, each once."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._since = 0
        self._seen: set[str] = set()

    def new(self) -> Iterator[str]:
        """The lines since the last call, oldest first, each after its stream's name."""
        pages = self._client.get_paginator("filter_log_events").paginate(logGroupName=GROUP, startTime=self._since)
        found = [event for page in pages for event in page["events"] if event["eventId"] not in self._seen]
        for event in sorted(found, key=lambda event: event["timestamp"]):
            self._seen.add(event["eventId"])
            self._since = max(self._since, event["timestamp"])
            yield f"{event['logStreamName']} {event['message']}"
