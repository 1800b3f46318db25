"""`ocr-pipeline estimate`: what a run over a prefix or folder would take, without starting anything."""

import argparse
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

from distributed_ocr_pipeline.client.commands.run import chosen_options
from distributed_ocr_pipeline.client.scratch import scratch_folder
from distributed_ocr_pipeline.config import AWSConfig, RunOptions, RunSettings
from distributed_ocr_pipeline.deployment import deployment_in, input_bucket, place_of
from distributed_ocr_pipeline.errors import BadInput, NotDeployed
from distributed_ocr_pipeline.local.deploy import input_folder
from distributed_ocr_pipeline.local.folders import require_documents
from distributed_ocr_pipeline.local.planning import bucket_source
from distributed_ocr_pipeline.ocr.processes.parallel import worker_count
from distributed_ocr_pipeline.planning.estimating import Estimate, Range
from distributed_ocr_pipeline.run.plan import Plan
from distributed_ocr_pipeline.run.planning import plan_run, plan_source
from distributed_ocr_pipeline.storage import Storage
from distributed_ocr_pipeline.wording import between, count_of, readable_size
from local_aws.s3.folder import FolderBucket

_FOLDER_PREFIX = "s3://local-folder/"
_CLEAN_PRINT = (
    "Scans are taken for clean print. Worn, faint or crooked ones take 2 to 15 times as long: a run over some of them "
    "(--include) tells, and on AWS the next estimate of the prefix knows."
)
_START_SECONDS = 5.0  # of a run on this machine (docs/performance.md, "Runs on a folder")


def estimate_command(arguments: argparse.Namespace, stream: TextIO) -> None:
    """Print the estimate, as a table or as JSON.

    Args:
        arguments: prefix, json, region and the names of `RunSettings`, each None where it was not given.
        stream: For the result.

    Raises:
        BadInput: There are no documents, or they cannot be listed.
    """
    plan = make_estimate(arguments.prefix, RunSettings(**chosen_options(arguments)), arguments.region)
    is_folder = not plan.input_prefix.startswith("s3://")
    if arguments.json:
        here = {"this_machine": asdict(on_this_machine(plan))} if is_folder else {}
        print(json.dumps(plan.as_dict() | here, indent=2), file=stream)
    else:
        lines = chain(describe_here(on_this_machine(plan)), describe(plan)) if is_folder else describe(plan)
        print("\n".join(lines), file=stream)


@dataclass(frozen=True)
class OnThisMachine:
    """What a run over a folder takes where the folder is."""

    usd: float
    processors: int  # that a run would use
    seconds: Range  # if they are as fast as a vCPU of speed 1 (the figures file says what that is)


def on_this_machine(plan: Plan) -> OnThisMachine:
    """What the documents of a plan take here."""
    processors = worker_count()
    return OnThisMachine(0.0, processors, plan.cpu_seconds.times(1 / processors).plus(_START_SECONDS))


def describe_here(found: OnThisMachine) -> Iterator[str]:
    """The same as lines of text."""
    long = found.seconds.high >= 120
    seconds = found.seconds.times(1 / 60) if long else found.seconds
    time = f"about {_bounds(seconds, '{:,.0f}')} {'minutes' if long else 'seconds'}"
    yield f"On this machine a run costs nothing and takes {time} on {count_of(found.processors, 'processor')}."
    yield "Results of earlier runs are not looked at here; a run leaves out what is up to date in its --output."
    yield ""
    yield "On AWS, with the documents in S3:"


def make_estimate(prefix: str, settings: RunSettings, region: str | None = None) -> Plan:
    """Plan a run over a prefix of S3 or a local folder, and throw the shards away."""
    place = place_of(prefix, input_bucket(AWSConfig(), os.environ))
    chosen = settings.model_dump(exclude_unset=True) | {"max_cost_usd": None}  # an estimate refuses nothing
    with scratch_folder() as folder:
        if isinstance(place, Path):
            return _plan_folder(place, chosen, folder)
        return _plan_in_s3(place, chosen, region, folder)


def _plan_folder(documents: Path, chosen: dict[str, Any], folder: Path) -> Plan:
    if chosen.get("document_list"):
        raise BadInput("A list names documents in S3.", "Choose those of a folder with --include and --exclude.")
    options = RunOptions(**chosen, input_prefix=_FOLDER_PREFIX)
    found = input_folder(documents, None)
    require_documents(found, options.max_document_mb)
    try:
        plan = plan_source(bucket_source(FolderBucket(found)), options, folder)
    except BadInput as error:
        raise BadInput(error.message.replace(_FOLDER_PREFIX, f"{documents}/"), error.advice) from error
    return replace(plan, input_prefix=str(documents.absolute()), input_uri=documents.resolve().as_uri())


def _plan_in_s3(address: str, chosen: dict[str, Any], region: str | None, folder: Path) -> Plan:
    """With the deployment's defaults, history and quotas, where there is a deployment."""
    try:
        deployment = deployment_in(region)
    except NotDeployed:
        return plan_run(Storage(region=region), None, RunOptions(**chosen, input_prefix=address), folder)
    defaults = {name: value for name, value in deployment.default_options().items() if name in RunSettings.names()}
    options = RunOptions(**defaults | chosen, input_prefix=address)
    return plan_run(deployment.storage(), deployment.output_bucket, options, folder, quotas=deployment.quotas())


def describe(plan: Plan) -> Iterator[str]:
    """The estimate as lines of text."""
    cpu_hours = plan.cpu_seconds.times(1 / 3600)
    up_to_date = f"{count_of(plan.up_to_date, 'more is', 'more are')} up to date"
    yield f"documents        {plan.documents:>14,}   {readable_size(plan.size_bytes)}; {up_to_date}"
    yield f"pages            {_with_bounds(plan.pages, '{:,.0f}')}"
    yield f"with text layer  {plan.text_layer_share:>14.0%}"
    yield f"CPU hours        {_with_bounds(cpu_hours, '{:,.2f}' if cpu_hours.expected >= 0.1 else '{:,.4f}')}"
    yield ""
    yield f"{'':<17}{'instances':<22}{'shards':>7}{'minutes each':>14}{'hours':>9}{'USD':>10}   of it provisioning"
    yield _line("this run", plan.estimate)
    for name, found in plan.alternatives.items():
        yield _line(name.replace("_", " "), found)
    yield f"{'Textract':<17}{'list price':<22}{'':>30}{plan.textract_usd:>10,.2f}"
    yield ""
    yield f"This run: {_bounds(plan.estimate.usd, '{:,.2f}')} USD, {_bounds(plan.estimate.hours, '{:,.1f}')} hours."
    yield f"Jobs at a time: {plan.estimate.slots} ({plan.concurrency_bound}). Prices of {plan.prices_read}."
    yield f"The estimate rests on this: {plan.basis}."
    if plan.speed_factor == 1 and plan.text_layer_share < 1:
        yield _CLEAN_PRINT


def _line(name: str, found: Estimate) -> str:
    instances = f"{min(found.slots, found.shards)} x {found.instance_type}"
    figures = f"{found.shards:>7,}{found.shard_minutes:>14.1f}{found.hours.expected:>9.1f}{found.usd.expected:>10,.2f}"
    return f"{name:<17}{instances:<22}{figures}{found.provisioning_usd:>10,.2f}"


def _with_bounds(found: Range, form: str) -> str:
    """What is expected, and between what, if that looks different."""
    expected, bounds = form.format(found.expected), _bounds(found, form)
    return f"{expected:>14}" if bounds == expected else f"{expected:>14}   {bounds}"


def _bounds(found: Range, form: str) -> str:
    return between(found.low, found.high, form)
