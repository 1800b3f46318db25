"""EventBridge rules that run: their targets are called at least once, sometimes twice, with templates as they are.

moto finds the rules that match an event, S3's notifications among them; this calls their targets. A template's values
are not escaped, and a call whose text is no JSON fails (EventBridge guide, "Common issues with transforming input"). A
call that fails goes to the target's dead-letter queue and into the metric FailedInvocations.
"""

import json
import logging
import re
import threading
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from moto.cloudwatch.models import cloudwatch_backends
from moto.events.models import Rule, events_backends

from local_aws.clients import ACCOUNT, Endpoint
from local_aws.sagemaker.jobs import JobRegistry, ProcessingJob

JOB_CHANGE = "SageMaker Processing Job State Change"

_VARIABLE = re.compile(r"<([\w.-]+)>")
_NO_VALUE = ""  # a path that leads nowhere makes no variable, "and won't appear in the output"
_DESCRIBED = ("ProcessingJobName", "ProcessingJobArn", "ProcessingJobStatus", "FailureReason", "ExitMessage")

logger = logging.getLogger(__name__)


class DeliveryFailed(Exception):
    """A target cannot be called."""


def install(endpoint: Endpoint, registry: JobRegistry, repeat_every: int) -> None:
    """Make rules run, and jobs tell of their end. Call it once per process."""
    targets = _Targets(endpoint, repeat_every)
    moto = Rule.send_to_targets

    def send_to_targets(rule: Rule, original_event: Any, transform_input: bool = True) -> None:
        if rule.state != "ENABLED" or not rule.event_pattern.matches_event(original_event):
            return
        for target in rule.targets:
            if target["Arn"].split(":")[2] in targets.calls:
                targets.call(rule, target, original_event)
            else:
                only: Any = Rule.__new__(Rule)
                only.__dict__ = rule.__dict__ | {"targets": [target]}
                moto(only, original_event, transform_input)

    setattr(Rule, "send_to_targets", send_to_targets)
    registry.on_end(_tell)


def _tell(job: ProcessingJob) -> None:
    """Tell the rules of the job's region how it ended."""
    described = job.describe()
    detail = {name: described[name] for name in _DESCRIBED if name in described}
    event = {"Source": "aws.sagemaker", "DetailType": JOB_CHANGE, "Detail": json.dumps(detail)}
    events_backends[ACCOUNT][job.region].put_events([event])


class _Targets:
    """Calls targets; every so many calls, one is made twice."""

    def __init__(self, endpoint: Endpoint, repeat_every: int) -> None:
        self._endpoint = endpoint
        self._repeat_every = repeat_every
        self._count = 0
        self._lock = threading.Lock()
        self.calls: Mapping[str, Callable[[str, str], None]] = {
            "states": self._start,
            "sns": self._publish,
            "sqs": self._send,
        }

    def call(self, rule: Rule, target: Mapping[str, Any], event: Any) -> None:
        """Call a target of a rule; a failure goes to its dead-letter queue."""
        text = render(target, event)
        try:
            try:
                json.loads(text)
            except ValueError as error:
                raise DeliveryFailed(f"Invalid input for target. {error}: {text}") from error
            for _ in range(2 if self._is_repeated() else 1):
                self.calls[target["Arn"].split(":")[2]](target["Arn"], text)
        except (DeliveryFailed, ClientError, BotoCoreError) as error:
            self._failed(rule, target, event, str(error))

    def _is_repeated(self) -> bool:
        with self._lock:
            self._count += 1
            return self._count % self._repeat_every == 0

    def _failed(self, rule: Rule, target: Mapping[str, Any], event: Any, message: str) -> None:
        logger.warning("Rule %s could not call %s: %s", rule.name, target["Arn"], message)
        metric = {
            "MetricName": "FailedInvocations",
            "Dimensions": [{"Name": "RuleName", "Value": rule.name}],
            "Value": 1,
            "Unit": "Count",
        }
        cloudwatch_backends[ACCOUNT][rule.region_name].put_metric_data("AWS/Events", [metric])
        queue = target.get("DeadLetterConfig", {}).get("Arn")
        if queue:
            about = {"RULE_ARN": rule.arn, "TARGET_ARN": target["Arn"], "ERROR_MESSAGE": message}
            self._send(queue, json.dumps(event, default=str), about)

    def _start(self, arn: str, text: str) -> None:
        self._client("stepfunctions", arn).start_execution(stateMachineArn=arn, input=text)

    def _publish(self, arn: str, text: str) -> None:
        self._client("sns", arn).publish(TopicArn=arn, Message=text)

    def _send(self, arn: str, text: str, about: Mapping[str, str] | None = None) -> None:
        client = self._client("sqs", arn)
        address = client.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
        attributes = {name: {"DataType": "String", "StringValue": value} for name, value in (about or {}).items()}
        client.send_message(QueueUrl=address, MessageBody=text, MessageAttributes=attributes)

    def _client(self, service: str, arn: str) -> Any:
        return self._endpoint.client(service, arn.split(":")[3])


def render(target: Mapping[str, Any], event: Mapping[str, Any]) -> str:
    """The text that a target is called with: its constant input, its filled template, or the event."""
    if "Input" in target:
        constant: str = target["Input"]
        return constant
    transformer = target.get("InputTransformer")
    if transformer is None:
        return json.dumps(event, default=str)
    values = {name: _at(event, path) for name, path in transformer.get("InputPathsMap", {}).items()}
    values["aws.events.event.json"] = event
    return _fill(transformer["InputTemplate"], values)


def _fill(template: str, values: Mapping[str, Any]) -> str:
    """Variables outside of a string become JSON, those inside become their bare text."""

    def value(found: re.Match[str]) -> str:
        name, before = found[1], template[: found.start()]
        if values.get(name) is None:
            return _NO_VALUE if name in values else found[0]
        inside = len(re.findall(r'(?<!\\)"', before)) % 2 == 1
        bare = isinstance(values[name], str) and inside
        return str(values[name]) if bare else json.dumps(values[name], default=str)

    return _VARIABLE.sub(value, template)


def _at(event: Any, path: str) -> Any:
    """What a path such as $.detail.ProcessingJobName leads to; None where it leads nowhere."""
    for part in path.removeprefix("$").strip(".").split(".") if path != "$" else []:
        event = event.get(part) if isinstance(event, dict) else None
    return event
