"""What a run will take: pages, work, wall time and money, each with a range, before anything is spent.

Pages of documents nobody looked into are their bytes times the pages per byte of the sample (a ratio estimator;
Cochran, Sampling Techniques, chapter 6), or of the figures file where there is no sample. Work is pages times CPU
seconds a page. A shard takes provisioning, the download and its work; shards of equal work run in waves of as many as
there are slots.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import ceil, sqrt
from typing import Any

from distributed_ocr_pipeline.planning.counting.pdf_pages import USUAL_MEGAPIXELS
from distributed_ocr_pipeline.planning.database import Database
from distributed_ocr_pipeline.planning.packing import FULL, Limits, shard_count
from distributed_ocr_pipeline.planning.prices import DocumentKind, Figures, Instance, Work

KINDS = ("pdf", "tiff", "unknown")
_UNSAMPLED_UNCERTAINTY = 0.5  # of the pages, where nothing is known but bytes
_DEFERRAL_FACTOR = 4  # a document that was not reached in time takes so much more of a shard, each time again
_MAX_DEFERRALS = 20  # counted


@dataclass(frozen=True)
class Range:
    """A figure and the bounds that it is expected within, 95 times of 100."""

    expected: float
    low: float
    high: float

    def times(self, factor: float, uncertainty: float = 0.0) -> "Range":
        """The figure times another that is known to within a share of itself."""
        low, high = self.low * factor * (1 - uncertainty), self.high * factor * (1 + uncertainty)
        return Range(self.expected * factor, low, high)

    def plus(self, more: float) -> "Range":
        """The figure and another that is certain."""
        return Range(self.expected + more, self.low + more, self.high + more)


_NOTHING = Range(0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Looked:
    """What was looked into, in documents."""

    counted: int = 0  # of which the pages were counted
    without_size: int = 0  # in the list
    asked_for_size: int = 0  # of these


@dataclass(frozen=True)
class Drawing:
    """How pages are drawn: of large ones more pixels are read, but never more than there may be."""

    dpi: int = 300
    max_pixels: int = 100_000_000

    def beyond(self, megapixels: float) -> float:
        """Millions of pixels that are more than a usual page has, of a page that has so many at 300 dpi."""
        return max(0.0, min(megapixels * self._scale, self.max_pixels / 1e6) - USUAL_MEGAPIXELS * self._scale)

    def beyond_sql(self, megapixels: str) -> str:
        """The same as `beyond`, as SQL over a column."""
        drawn = f"least({megapixels} * {self._scale!r}::double, {self.max_pixels / 1e6!r}::double)"
        return f"greatest(0, {drawn} - {USUAL_MEGAPIXELS * self._scale!r}::double)"

    @property
    def _scale(self) -> float:
        return (self.dpi / 300) ** 2


@dataclass(frozen=True)
class KindModel:
    """How documents of a kind become pages and work."""

    pages_per_byte: float
    uncertainty: float  # of the pages of all documents that were not counted, as a share
    text_layer_share: float  # of their pages
    speckled_share: float  # of the others
    megapixels: float  # of one of the others, at 300 dpi
    sampled: int  # documents that this comes from


@dataclass(frozen=True)
class Model:
    """How documents become pages and CPU seconds."""

    kinds: Mapping[str, KindModel]
    work: Work
    drawing: Drawing = Drawing()
    speed_factor: float = 1.0  # earlier runs' measured seconds by those that were estimated

    def pages_sql(self) -> str:
        """Pages of a row of `todo` joined with `looked_at`."""
        cases = " ".join(
            f"when '{name}' then greatest(1, round(size_bytes * {kind.pages_per_byte!r}::double))"
            for name, kind in self.kinds.items()
        )
        return (
            f"coalesce(l.pages, t.pages, case when size_bytes = 0 then 0 else case kind {cases} else 1 end end)::bigint"
        )

    def seconds_sql(self) -> str:
        """CPU seconds on a vCPU of speed 1, where the column `pages` is known."""
        scan, text, more = self.work.scan_seconds, self.work.text_layer_seconds, self.work.speckled_seconds
        means = {
            name: text * kind.text_layer_share + self._scanned(kind) * (1 - kind.text_layer_share)
            for name, kind in self.kinds.items()
        }
        mixed = " ".join(f"when '{name}' then {seconds!r}::double" for name, seconds in means.items())
        unsampled = f"case kind {mixed} else {scan!r} end"
        large = f"{self.work.megapixel_seconds!r}::double * {self.drawing.beyond_sql('megapixels')}"
        scanned = f"({scan!r}::double + {more!r}::double * speckled + {large})"
        page = f"coalesce({text!r}::double * text_share + {scanned} * (1 - text_share), {unsampled})"
        return f"({self.work.document_seconds!r}::double + pages * ({page})) * {self.speed_factor!r}::double"

    def _scanned(self, kind: KindModel) -> float:
        """CPU seconds of a page without text of its own, of a kind."""
        large = self.work.megapixel_seconds * self.drawing.beyond(kind.megapixels)
        return self.work.scan_seconds + self.work.speckled_seconds * kind.speckled_share + large


def fit_model(
    database: Database,
    figures: Figures,
    *,
    ignore_text_layer: bool,
    drawing: Drawing = Drawing(),
    speed_factor: float = 1.0,
) -> Model:
    """Learn from the documents that were looked into.

    Args:
        database: Has `todo` and `looked_at`.
        figures: What is assumed of kinds of documents that are not in the sample.
        ignore_text_layer: All pages are read by the engine, those with text of their own, too.
        drawing: How pages are drawn.
        speed_factor: See `Model`.
    """
    scan_seconds = figures.work.scan_seconds
    work = figures.work.model_copy(update={"text_layer_seconds": scan_seconds}) if ignore_text_layer else figures.work
    samples: dict[str, list[_Sampled]] = {kind: [] for kind in KINDS}
    rows = database.rows(
        "select kind, size_bytes, l.pages, l.text_share, l.speckled, l.megapixels "
        "from todo join looked_at l using (document_id) where l.sampled"
    )
    for kind, *values in rows:
        samples[kind].append(_Sampled(*values))
    sizes = dict(database.rows("select kind, count(*) from todo group by kind"))
    kinds = {
        name: _fit_kind(sample, int(sizes.get(name, 0)), figures.documents[name]) for name, sample in samples.items()
    }
    return Model(kinds, work, drawing, speed_factor)


@dataclass(frozen=True)
class _Sampled:
    """A document that was looked into and stands for others of its kind."""

    size_bytes: int
    pages: int
    text_share: float  # of its pages
    speckled: float  # share of the others
    megapixels: float

    @property
    def scans(self) -> float:
        """Pages without text of their own."""
        return self.pages * (1 - self.text_share)


def _fit_kind(sample: list[_Sampled], documents: int, assumed: DocumentKind) -> KindModel:
    size, pages = sum(item.size_bytes for item in sample), sum(item.pages for item in sample)
    if not size:
        return KindModel(1 / assumed.bytes_per_page, _UNSAMPLED_UNCERTAINTY, assumed.text_layer_share, 0.0, 0.0, 0)
    scans = sum(item.scans for item in sample)
    return KindModel(
        pages_per_byte=pages / size,
        uncertainty=_ratio_error([(item.size_bytes, item.pages) for item in sample], documents),
        text_layer_share=1 - scans / pages if pages else 0.0,
        speckled_share=sum(item.speckled * item.scans for item in sample) / scans if scans else 0.0,
        megapixels=sum(item.megapixels * item.scans for item in sample) / scans if scans else 0.0,
        sampled=len(sample),
    )


def _ratio_error(sample: list[tuple[int, int]], documents: int) -> float:
    """Two standard errors of the ratio estimator, as a share of it; at most all of it."""
    count, size, pages = len(sample), sum(row[0] for row in sample), sum(row[1] for row in sample)
    if count >= documents:
        return 0.0
    if count < 2 or not pages:
        return _UNSAMPLED_UNCERTAINTY
    ratio = pages / size
    variance = sum((row[1] - ratio * row[0]) ** 2 for row in sample) / (count - 1)
    return min(1.0, 2 * sqrt(variance / count * (1 - count / documents)) / (pages / count))


@dataclass(frozen=True)
class Amount:
    """What there is to do, whichever instance does it."""

    documents: int
    size_bytes: int
    pages: Range
    text_layer_share: float  # of the pages
    cpu_seconds: Range  # on vCPUs of speed 1

    def work(self, instance: Instance, limits: Limits, download_bytes_per_second: float) -> float:
        """Download and work of all documents together, in shards of the target's length."""
        seconds = self.cpu_seconds.expected / instance.power + self.size_bytes / download_bytes_per_second
        return seconds / limits.seconds

    def shards(self, instance: Instance, limits: Limits, download_bytes_per_second: float, slots: int) -> int:
        """How many shards they make, before they are packed one by one."""
        work = self.work(instance, limits, download_bytes_per_second)
        files = self.documents / limits.files if limits.files else 0.0
        load = int(max(work, self.size_bytes / limits.size_bytes, files) * FULL)
        return shard_count(load, work, self.documents, slots)


def measure(database: Database, model: Model, left_out: str = "false") -> Amount:
    """Add up the view `estimated`, which is made here: `todo` with pages, text_share and CPU seconds.

    Documents that meet the condition `left_out` (SQL) are not fetched: they have no pages and no `fetched_bytes`.
    """
    source = f"""
        select t.* exclude (pages), l.text_share, l.speckled, l.megapixels,
            l.pages is null and t.pages is null and kind <> 'picture' as guessed, 
            case when {left_out} then 0 else {model.pages_sql()} end as pages,
            case when {left_out} then 0 else size_bytes end as fetched_bytes
        from todo t left join looked_at l using (document_id)"""
    database.execute(f"create or replace view estimated as select *, {model.seconds_sql()} as seconds from ({source})")
    rows = database.rows(
        """select kind, guessed, count(*), sum(fetched_bytes)::bigint, sum(pages)::bigint, sum(seconds),
              coalesce(sum(pages * text_share), 0), coalesce(sum(pages) filter (text_share is null), 0)::bigint
            from estimated group by kind, guessed order by kind, guessed"""
    )
    return _add_up([_Total(*row) for row in rows], model)


def load_sql(limits: Limits, instance: Instance, figures: Figures) -> str:
    """The load of a row of `estimated`; a document that was deferred before takes more of its shard."""
    rate = figures.job.download_mb_per_second * 1e6
    load = limits.load_sql(f"(seconds / {instance.power!r} + fetched_bytes / {rate!r})", "fetched_bytes")
    raised = f"least({FULL}, {load} * pow({_DEFERRAL_FACTOR}, least(deferrals, {_MAX_DEFERRALS})))"
    return f"(case when deferrals = 0 then {load} else greatest({load}, {raised}) end)::bigint"


@dataclass(frozen=True)
class _Total:
    """The sums over the documents of a kind whose pages are all guessed, or all known."""

    kind: str
    guessed: bool
    documents: int
    size_bytes: int
    pages: int
    cpu_seconds: float
    text_pages: float  # with text of their own
    unsampled_pages: int  # of documents that may have a text layer or not

    def expected_text_pages(self, model: Model) -> float:
        """Pages with text of their own, those that are only likely to have it included."""
        shares = model.kinds.get(self.kind)
        return self.text_pages + self.unsampled_pages * (shares.text_layer_share if shares else 0.0)

    def spread(self, model: Model) -> float:
        """By how many pages the guess may be wrong."""
        shares = model.kinds.get(self.kind)
        return self.pages * shares.uncertainty if self.guessed and shares else 0.0


def _add_up(totals: Sequence[_Total], model: Model) -> Amount:
    pages = sum(total.pages for total in totals)
    spread = sum((total.spread(model) for total in totals), 0.0)
    text_pages = sum((total.expected_text_pages(model) for total in totals), 0.0)
    share = spread / pages if pages else 0.0
    seconds = sum((total.cpu_seconds for total in totals), 0.0)
    return Amount(
        documents=sum(total.documents for total in totals),
        size_bytes=sum(total.size_bytes for total in totals),
        pages=Range(pages, pages - spread, pages + spread),
        text_layer_share=text_pages / pages if pages else 0.0,
        cpu_seconds=Range(1, 1 - share, 1 + share).times(seconds, model.work.uncertainty),
    )


@dataclass(frozen=True)
class Estimate:
    """What a run takes on one instance type.

    `usd` is for the processing jobs, provisioning included, at the list prices of the figures file; storage, requests
    and workflow transitions are some cents a million pages and left out.
    """

    instance_type: str
    shards: int
    slots: int  # jobs at the same time
    shard_minutes: float  # work and download of one shard
    hours: Range
    usd: Range
    provisioning_usd: float  # part of `usd`
    usd_per_million_pages: float


def estimate(
    amount: Amount, figures: Figures, instance_type: str, *, limits: Limits, slots: int, shards: int | None = None
) -> Estimate:
    """Price an amount of work on an instance type.

    Args:
        amount: What there is to do.
        figures: Prices and speeds.
        instance_type: Of the processing jobs.
        limits: What a full shard is.
        slots: Jobs at the same time.
        shards: How many, if they are packed already.
    """
    instance, job = figures.instance(instance_type), figures.job
    if not amount.documents:
        return Estimate(instance_type, 0, slots, 0.0, _NOTHING, _NOTHING, 0.0, 0.0)
    rate = job.download_mb_per_second * 1e6
    count = shards or amount.shards(instance, limits, rate, slots)
    fixed = job.provisioning_seconds + job.start_seconds
    work = amount.cpu_seconds.times(1 / instance.power).plus(amount.size_bytes / rate)
    usd = work.plus(count * fixed).times(instance.usd_per_hour / 3600)
    return Estimate(
        instance_type=instance_type,
        shards=count,
        slots=slots,
        shard_minutes=work.expected / count / 60,
        hours=_wall_seconds(work, count, slots, fixed).times(1 / 3600),
        usd=usd,
        provisioning_usd=count * job.provisioning_seconds * instance.usd_per_hour / 3600,
        usd_per_million_pages=usd.expected / amount.pages.expected * 1e6 if amount.pages.expected else 0.0,
    )


def _wall_seconds(work: Range, shards: int, slots: int, fixed: float) -> Range:
    """Seconds until the last of equal shards ends; each takes its part of the work and the fixed seconds of a job."""
    starts = min(shards, slots) - 1.0  # one job is started a second
    waves = ceil(shards / slots)
    return work.times(waves / shards).plus(waves * fixed + starts)


def as_dict(record: Any) -> dict[str, Any]:
    """A record as JSON-ready values with four significant digits, which is more than an estimate has."""
    return {name: _rounded(value) for name, value in asdict(record).items()}


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.4g}")
    return {name: _rounded(item) for name, item in value.items()} if isinstance(value, dict) else value
