"""From a prefix to a plan: which documents a run processes, in which shards, what that takes, and whether it may.

A plan is a folder of files, made the same way by the planning job and by the command line, and then stored beside
run.json (`layout.RunLayout`):

    plan.json          what the run will do, in numbers: a `Plan`
    shards.json        one small object per shard, for the workflow's Map, the longest first
    documents.parquet  all documents, sorted by shard
    shards/…           every shard's own files
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from distributed_ocr_pipeline.config import RunOptions
from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.layout import (
    KEPT_PARTS_FILE,
    PLAN_FILE,
    PLANNED_FILE,
    SHARD_UNDELIVERABLE_FILE,
    SHARDS_FILE,
    RunLayout,
    meets_results,
)
from distributed_ocr_pipeline.planning.database import Database, open_database
from distributed_ocr_pipeline.planning.estimating import (
    Amount,
    Drawing,
    Estimate,
    estimate,
    fit_model,
    load_sql,
    measure,
)
from distributed_ocr_pipeline.planning.history import NO_HISTORY, History, read_history
from distributed_ocr_pipeline.planning.listing import Lister, UriOf, write_listing
from distributed_ocr_pipeline.planning.packing import Limits, shard_count
from distributed_ocr_pipeline.planning.prices import Figures, load_figures
from distributed_ocr_pipeline.planning.quotas import Quotas, Slots, grant
from distributed_ocr_pipeline.planning.sampling import look_into
from distributed_ocr_pipeline.planning.shards import ShardEntry, ShardWriter, find_obstacles, left_out_sql, shard_files
from distributed_ocr_pipeline.planning.sources import Source, s3_source, selected, without
from distributed_ocr_pipeline.planning.splitting import keep_parts
from distributed_ocr_pipeline.planning.todo import Choice, choose_documents, find_twice
from distributed_ocr_pipeline.records import S3Location
from distributed_ocr_pipeline.run.delivery.manifests import manifest_base
from distributed_ocr_pipeline.run.delivery.passwords import passwords_key, require_passwords
from distributed_ocr_pipeline.run.plan import Plan
from distributed_ocr_pipeline.storage import Storage
from distributed_ocr_pipeline.tables.memory import release_memory
from distributed_ocr_pipeline.tables.parts import Part, encode_parts

MAX_SHARD_BYTES = 8 * 1024**3
"""A shard's documents must fit on the job's volume several times over."""


def plan_run(
    storage: Storage,
    output_bucket: str | None,
    options: RunOptions,
    folder: Path,
    *,
    quotas: Quotas | None = None,
    uri_of: UriOf = str,
    source: Source | None = None,
) -> Plan:
    """List the documents, leave out what is up to date, estimate the rest, and cut it into shards.

    Args:
        storage: S3.
        output_bucket: Where earlier runs' results are; None where there are none.
        options: The run's.
        folder: Gets the plan's files and, meanwhile, several times as much.
        quotas: What the account may run; None where that is not known.
        uri_of: Gives the `source_uri` of a document, from which its id is made.
        source: What lies below `input_prefix`, where that is known better than by listing it.

    Raises:
        BadInput: Nothing lies below `input_prefix` (unless it may be empty), it cannot be listed, it holds results, or
            the run would cost more than it may.
    """
    prefix = S3Location.parse(options.input_prefix)
    if prefix.bucket == output_bucket and meets_results(prefix.key):
        raise BadInput(f"{options.input_prefix} holds results of runs.", "Name a prefix with documents alone.")
    lister = Lister(storage.client())
    history = NO_HISTORY
    if output_bucket and not options.reprocess:
        history = read_history(storage, lister, output_bucket, uri_of(prefix), folder / "ledger")
    source = source or s3_source(storage, lister, prefix, options.document_list)
    return plan_source(source, options, folder, history=history, quotas=quotas, uri_of=uri_of)


def plan_source(
    source: Source,
    options: RunOptions,
    folder: Path,
    *,
    history: History = NO_HISTORY,
    quotas: Quotas | None = None,
    uri_of: UriOf = str,
) -> Plan:
    """The same for documents that are listed already; without a history all of them are new."""
    slots = grant(options.max_parallel_jobs, options.instance_type, quotas)
    prefix = S3Location.parse(options.input_prefix)
    if options.passwords:
        key = passwords_key(prefix, options.passwords)
        require_passwords(source, key)
        source = without(source, key)
    source = selected(source, manifest_base(prefix.key), options.include, options.exclude)
    listed = write_listing(source.batches, folder / "listing.parquet", prefix.bucket, uri_of)
    if not listed and not options.may_be_empty:
        chosen = options.include or options.exclude
        advice = "Check the patterns of include and exclude." if chosen else "Check the bucket and the prefix."
        raise BadInput(f"There are no documents under {options.input_prefix}.", advice)
    release_memory()  # of the listing; the database takes as much again
    with open_database(folder) as database:
        if source.named_twice and (twice := find_twice(database, folder / "listing.parquet")) is not None:
            raise source.named_twice(twice)
        planner = _Planner(database, options, history, slots, quotas=quotas, input_uri=uri_of(prefix))
        return planner.plan(source, folder)


class _Planner:
    """The steps of a plan that work on the database."""

    def __init__(
        self,
        database: Database,
        options: RunOptions,
        history: History,
        slots: Slots,
        *,
        quotas: Quotas | None,
        input_uri: str,
    ) -> None:
        self._database, self._options, self._history = database, options, history
        self._slots, self._quotas, self._input_uri = slots, quotas, input_uri
        self._figures = load_figures()
        self._prefix = S3Location.parse(options.input_prefix)
        self._kept: Sequence[Part] = ()  # of documents that earlier runs have read in parts
        self._limits = Limits(options.target_shard_minutes * 60, MAX_SHARD_BYTES, options.files_per_job)

    def plan(self, source: Source, folder: Path) -> Plan:
        """Make the plan's files in `folder`."""
        up_to_date = self._choose(folder)
        looked = look_into(self._database, source.fetch, source.size_of)
        amount = self._measure()
        shards = self._cut(folder, amount)
        plan = replace(self._summarise(amount, len(shards), up_to_date), looked=looked)
        require_affordable(plan, self._options.max_cost_usd)
        longest_first = sorted(shards, key=lambda shard: (-shard.seconds, shard.shard_id))
        _write_json(folder / SHARDS_FILE, [asdict(shard) for shard in longest_first])
        _write_json(folder / PLAN_FILE, plan.as_dict())
        return plan

    def _choose(self, folder: Path) -> int:
        """Fill the table of documents to process; returns how many are up to date."""
        options = self._options
        choice = Choice(options.fingerprint, options.reprocess, options.retry_failed, tuple(options.only_failed))
        self._database.execute("create or replace table untrusted (run_id varchar, shard_id varchar)")
        self._database.insert("untrusted", self._history.untrusted)
        counts = choose_documents(self._database, folder / "listing.parquet", self._history.ledger, choice)
        self._kept = keep_parts(self._database, self._history.parts, choice)
        return counts.up_to_date

    def _measure(self) -> Amount:
        model = fit_model(
            self._database,
            self._figures.model_copy(update={"work": self._figures.work.with_engines(self._options)}),
            ignore_text_layer=self._options.text_layer == "ignore",
            drawing=Drawing(self._options.dpi, self._options.max_page_pixels),
            speed_factor=self._history.speed_factor,
        )
        return measure(self._database, model, left_out_sql(self._options.max_document_mb))

    def _cut(self, folder: Path, amount: Amount) -> list[ShardEntry]:
        instance = self._figures.instance(self._options.instance_type)
        writer = ShardWriter(
            self._database,
            load=load_sql(self._limits, instance, self._figures),
            large=self._limits.large,
            obstacles=find_obstacles(self._options.max_document_mb, manifest_base(self._prefix.key)),
        )
        if not amount.documents:
            return []
        work = amount.work(instance, self._limits, self._figures.job.download_mb_per_second * 1e6)
        items, load = writer.totals()
        count = shard_count(load, work, items, self._slots.count)
        if writer.in_parts:
            (folder / KEPT_PARTS_FILE).write_text(encode_parts(self._kept), encoding="utf-8")
        return writer.write(count, folder / PLANNED_FILE)

    def _summarise(self, amount: Amount, shards: int, up_to_date: int) -> Plan:
        figures, slots = self._figures, self._slots
        chosen = estimate(
            amount, figures, self._options.instance_type, limits=self._limits, slots=slots.count, shards=shards
        )
        return Plan(
            input_prefix=self._options.input_prefix,
            documents=amount.documents,
            size_bytes=amount.size_bytes,
            shards=shards,
            up_to_date=up_to_date,
            tolerated_failed_shards=self._options.tolerated_of(shards),
            max_concurrency=max(1, min(slots.count, shards)),
            concurrency_bound=slots.reason,
            pages=amount.pages,
            text_layer_share=amount.text_layer_share,
            cpu_seconds=amount.cpu_seconds,
            estimate=chosen,
            input_uri=self._input_uri,
            passwords=self._options.passwords,
            alternatives=find_alternatives(
                amount, figures, self._limits, self._options.max_parallel_jobs, self._quotas
            ),
            textract_usd=figures.textract.usd(amount.pages.expected),
            prices_read=figures.read,
            speed_factor=self._history.speed_factor,
        )


def find_alternatives(
    amount: Amount, figures: Figures, limits: Limits, asked: int, quotas: Quotas | None
) -> dict[str, Estimate]:
    """The cheapest type, the fastest, and the fastest that the account's quotas allow today.

    Args:
        amount: What there is to do.
        figures: Prices and speeds.
        limits: What a full shard is.
        asked: Jobs at the same time, where a quota is raised to it.
        quotas: The account's; where they are unknown, those of a new account.
    """
    if not amount.documents:
        return {}
    allowed = quotas or Quotas({name: found.default_quota for name, found in figures.instances.items()}, total=4)
    today = {name: grant(asked, name, allowed).count for name in figures.instances if allowed.by_type.get(name, 0) > 0}
    raised = list(_possible(amount, figures, limits, dict.fromkeys(figures.instances, asked)))
    now = list(_possible(amount, figures, limits, today))
    found = {}
    if raised:
        found["cheapest"] = min(raised, key=lambda item: (item.usd.expected, item.hours.expected))
        found["fastest"] = min(raised, key=lambda item: (item.hours.expected, item.usd.expected))
    if now:
        found["within_quota"] = min(now, key=lambda item: (item.hours.expected, item.usd.expected))
    return found


def _possible(amount: Amount, figures: Figures, limits: Limits, slots: Mapping[str, int]) -> Iterator[Estimate]:
    """Estimates on instance types with their slots; a type that is too slow for one run's shards is left out."""
    for name, count in slots.items():
        try:
            yield estimate(amount, figures, name, limits=limits, slots=count)
        except BadInput:  # only the chosen type has to do
            continue


def require_affordable(plan: Plan, max_cost_usd: float | None) -> None:
    """Raise `BadInput` with the figures if the upper end of the estimate is more than a run is allowed to cost."""
    if max_cost_usd is not None and plan.documents and plan.estimate.usd.high > max_cost_usd:
        raise BadInput(
            f"The run may cost more than max_cost_usd {max_cost_usd:g}: {plan.summary}.",
            "Raise max_cost_usd, choose a cheaper instance type (`ocr-pipeline estimate` compares), "
            "or a smaller prefix.",
        )


def store_plan(storage: Storage, run: RunLayout, plan: Plan, folder: Path) -> None:
    """Store the plan's files, plan.json last: where it is, the plan is whole.

    They may take the place of an earlier plan's, of which shards and parts that the new one does not have are not read.
    """
    prefix = S3Location.parse(plan.input_prefix)
    planned, beside = folder / PLANNED_FILE, [plan.passwords] if plan.passwords else []
    if planned.exists():
        storage.upload(planned, run.planned)
        storage.put_small(_no_reasons(storage, run))
        storage.put_small(shard_files(planned, prefix.bucket, manifest_base(prefix.key), run.shard, beside))
    if (folder / KEPT_PARTS_FILE).exists():
        storage.upload(folder / KEPT_PARTS_FILE, run.kept_parts)
    storage.upload(folder / SHARDS_FILE, run.shards)
    storage.upload(folder / PLAN_FILE, run.plan)


def _no_reasons(storage: Storage, run: RunLayout) -> Iterator[tuple[S3Location, bytes]]:
    """Emptied, the files in which an earlier plan says why documents are not downloaded: a shard may have none now."""
    for item in storage.list_objects(run.all_shards):
        if item.key.endswith(f"/{SHARD_UNDELIVERABLE_FILE}"):
            yield S3Location(run.bucket, item.key), b"{}"


def _write_json(path: Path, value: Mapping[str, Any] | Iterable[Any]) -> None:
    path.write_text(json.dumps(value), encoding="utf-8")
