"""The packed documents as files, shard by shard, with one shard in memory at a time.

documents.parquet                       all documents of the run, sorted by shard, a row group a shard; those that are
                                         read in parts have a row for each part
shards/<shard_id>/documents.jsonl        the shard's, for its job
shards/<shard_id>/manifest.json          what SageMaker downloads for it
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring_ascii as _quote
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from distributed_ocr_pipeline.errors import ErrorClass
from distributed_ocr_pipeline.layout import SHARD_DOCUMENTS_FILE, SHARD_MANIFEST_FILE, SHARD_UNDELIVERABLE_FILE
from distributed_ocr_pipeline.planning.database import Database, id_ranges, literal
from distributed_ocr_pipeline.planning.packing import Packing, pack
from distributed_ocr_pipeline.planning.splitting import split_documents
from distributed_ocr_pipeline.records import S3Location
from distributed_ocr_pipeline.tables.memory import release_memory

PLANNED_SCHEMA = pa.schema(
    [
        ("shard_id", pa.string()),
        ("document_id", pa.string()),
        ("source_uri", pa.string()),
        ("key", pa.string()),
        ("etag", pa.string()),
        ("size_bytes", pa.int64()),
        ("attempts", pa.int32()),
        ("first_page", pa.int32()),  # with the next: of a part of a document; null for whole documents
        ("last_page", pa.int32()),  # null: to its end
        ("pages", pa.int64()),  # estimated
        ("seconds", pa.float32()),  # of CPU, estimated
        ("obstacle", pa.string()),  # why it is not downloaded; null for all others
        ("obstacle_class", pa.string()),  # its error class
    ]
)

_PLAIN = bytes(sorted(set(range(0x20, 0x7F)) - set(b'"\\')))
"""Characters that JSON does not escape."""

_FILE_COLUMNS = [name for name in PLANNED_SCHEMA.names if name not in ("pages", "seconds")]
_ROW_SCHEMA = pa.schema([*list(PLANNED_SCHEMA)[1:], ("load", pa.int64())])
_COLUMNS = (
    "document_id, source_uri, key, etag, size_bytes, attempts, first_page, last_page, pages, "
    "seconds::float as seconds, obstacle, obstacle_class, load"
)
_PLACED = f"select {_COLUMNS} from placed left join obstacles using (document_id)"


@dataclass(frozen=True)
class ShardEntry:
    """One element of shards.json."""

    shard_id: str
    documents: int  # and parts of documents
    bytes: int
    pages: int
    seconds: float  # of CPU, on a vCPU of speed 1


@dataclass(frozen=True)
class Obstacle:
    """Why SageMaker could not download a document, or must not: one would fail its whole shard."""

    condition: str  # SQL over `estimated`
    error_class: ErrorClass
    message: str


def left_out_sql(max_document_mb: int) -> str:
    """Whether a document is not fetched for what it is, as SQL: it takes no work, however large it is."""
    return f"(archived or {_too_large(max_document_mb)})"


def _too_large(max_document_mb: int) -> str:
    return f"(size_bytes > {max_document_mb * 1024**2} and not sizeless)"


def find_obstacles(max_document_mb: int, folder: str) -> tuple[Obstacle, ...]:
    """All that there are; the first that is met counts.

    Args:
        max_document_mb: Larger documents are not tried.
        folder: The part of all keys that is not in the names of files; ends with a slash or is empty.
    """
    name = f"substr(key, {len(folder) + 1})"
    framed = f"('/' || {name} || '/')"
    no_file_name = f"""contains({framed}, '//') or contains({framed}, '/./') or contains({framed}, '/../')
        or contains(key, chr(0))
        or strlen(key) > 255
          and list_bool_or(list_transform(string_split({name}, '/'), lambda part: strlen(part) > 255))"""
    too_large = f"it is larger than the limit of {max_document_mb} MB (max_document_mb)"
    return (
        Obstacle("archived", ErrorClass.MISSING, "it is archived; restore it from Glacier first"),
        Obstacle(_too_large(max_document_mb), ErrorClass.TOO_LARGE, too_large),
        Obstacle(no_file_name, ErrorClass.MISSING, "its key cannot be the name of a file"),
        Obstacle(
            "key in (from folders)", ErrorClass.MISSING, "its key is a folder of other keys, so it cannot be a file"
        ),
    )


def _obstacles_table(obstacles: Sequence[Obstacle]) -> str:
    """A table of the documents that meet one: few as a rule, so that the others do without these columns."""
    reasons = " ".join(
        f"when {item.condition} then [{literal(item.error_class.value)}, {literal(item.message)}]" for item in obstacles
    )
    met = " or ".join(f"({item.condition})" for item in obstacles)
    return f"""create or replace table obstacles as
        select document_id, reason[1] as obstacle_class, reason[2] as obstacle
        from (select document_id, case {reasons} end as reason from estimated where {met})"""


_FOLDERS = """
create or replace table folders as
with parents as (select distinct parse_dirpath(key, 'forward_slash') as folder from todo),
parts as (select string_split(folder, '/') as parts from parents where folder <> '')
select distinct array_to_string(parts[1:depth], '/') as folder
from (select parts, unnest(range(1, len(parts) + 1)) as depth from parts)
"""


class ShardWriter:
    """Cuts the documents of the view `estimated` into shards, those that are larger than a shard included.

    Args:
        database: Has the view `estimated` and the table `gaps` (planning/splitting.py).
        load: SQL of a row's load, in units of `packing.FULL`.
        large: The load from which on a document is placed by itself.
        obstacles: Of `find_obstacles`.
    """

    def __init__(self, database: Database, *, load: str, large: int, obstacles: Sequence[Obstacle]) -> None:
        self._database, self._large = database, large
        database.execute(_FOLDERS)
        database.execute(_obstacles_table(obstacles))
        database.execute(f"create or replace view loaded as select *, {load} as load from estimated")
        self.in_parts = split_documents(database)
        self._order = "document_id, first_page" if self.in_parts else "document_id"
        small = f"coalesce(sum(load) filter (load < {large}), 0)::bigint"
        self._totals = database.row(f"select count(*), coalesce(sum(load), 0)::bigint, {small} from placed")

    def totals(self) -> tuple[int, int]:
        """How many documents and parts there are, and their load."""
        count, load, _ = self._totals
        return int(count), int(load)

    def write(self, shards: int, path: Path) -> list[ShardEntry]:
        """Write all documents to a Parquet file, sorted by shard, a row group a shard; returns the shards in it.

        Args:
            shards: How many; those that get no documents are left out.
            path: The file.
        """
        packing, large = self._place_large(shards)
        small = self._small_documents()
        entries: list[ShardEntry] = []
        options = {"compression": "zstd", "compression_level": 1, "use_dictionary": ["shard_id"]}
        with pq.ParquetWriter(path, PLANNED_SCHEMA, **options) as writer:
            for rows in _cut(small, large, packing):
                table = _planned(rows, f"s{len(entries):05d}")
                writer.write_table(table)
                entries.append(_entry(table))
        return entries

    def _small_documents(self) -> Iterator[pa.RecordBatch]:
        """The rows of small documents, in the order of their ids."""
        for ids in id_ranges(int(self._totals[0])):
            release_memory()  # of the range before, whose pieces lie scattered in what glibc holds
            yield from self._database.batches(f"{_PLACED} where load < {self._large} and {ids} order by {self._order}")

    def _place_large(self, shards: int) -> tuple[Packing, pa.Table]:
        """Where the large documents go, and their rows with a column `shard`."""
        path = self._database.write(f"{_PLACED} where load >= {self._large}", "large")
        rows = pq.read_table(path).cast(_ROW_SCHEMA)  # DuckDB says of some columns that they hold no nulls
        path.unlink()
        names = _names(rows)
        packing = pack(zip(names, rows["load"].to_pylist()), int(self._totals[2]), shards)
        places = pa.array([packing.large[name] for name in names], pa.int32())
        return packing, rows.append_column("shard", places).sort_by("shard")


def _names(rows: pa.Table) -> list[str]:
    """What tells documents and their parts apart."""
    pages = rows["first_page"].to_pylist()
    return [f"{name} {page or ''}" for name, page in zip(rows["document_id"].to_pylist(), pages)]


def _cut(small: Iterator[pa.RecordBatch], large: pa.Table, packing: Packing) -> Iterator[pa.Table]:
    """The rows of every shard that has any, in order."""
    pieces = _SmallDocuments(small, packing.bounds)
    shards = large["shard"].to_pylist()
    begin = 0
    for number in range(len(packing.loads)):
        end = begin
        while end < len(shards) and shards[end] == number:
            end += 1
        placed = large.slice(begin, end - begin).drop_columns("shard")
        rows = pa.concat_tables([*pieces.take(number), placed])
        begin = end
        if rows.num_rows:
            order = [("document_id", "ascending"), ("first_page", "ascending")]
            yield rows.sort_by(order) if placed.num_rows else rows


class _SmallDocuments:
    """Reads the small documents in the order of their ids and cuts them where the shards end."""

    def __init__(self, batches: Iterator[pa.RecordBatch], bounds: Sequence[int]) -> None:
        self._batches = batches
        self._bounds = bounds
        self._rest: pa.Table | None = None
        self._before = 0  # load of what was taken

    def take(self, shard: int) -> Iterator[pa.Table]:
        """The rows of the next shard, in pieces; shards must be taken in order."""
        while True:
            if self._rest is None:
                batch = next(self._batches, None)
                if batch is None:
                    return
                self._rest = pa.Table.from_batches([batch]).cast(_ROW_SCHEMA)
            loads = self._rest["load"]
            starts = pc.subtract(pc.cumulative_sum(loads, self._before), loads)
            inside = pc.sum(pc.less(starts, self._bounds[shard])).as_py() or 0  # rows that begin before the bound
            yield self._rest.slice(0, inside)
            self._before += pc.sum(loads.slice(0, inside)).as_py() or 0
            if inside < self._rest.num_rows:
                self._rest = self._rest.slice(inside)
                return
            self._rest = None


def _planned(rows: pa.Table, shard_id: str) -> pa.Table:
    named = rows.append_column("shard_id", pa.repeat(shard_id, rows.num_rows))
    return named.select(PLANNED_SCHEMA.names).cast(PLANNED_SCHEMA).combine_chunks()


def _entry(table: pa.Table) -> ShardEntry:
    return ShardEntry(
        shard_id=table["shard_id"][0].as_py(),
        documents=table.num_rows,
        bytes=pc.sum(table["size_bytes"]).as_py(),
        pages=pc.sum(table["pages"]).as_py(),
        seconds=round(pc.sum(table["seconds"]).as_py(), 3),
    )


def shard_files(
    planned: Path,
    bucket: str,
    folder: str,
    shard_prefix: Callable[[str], S3Location],
    beside: Sequence[str] = (),
) -> Iterator[tuple[S3Location, bytes]]:
    """Every shard's files: its documents, what SageMaker downloads, and why some are not downloaded.

    Args:
        planned: The file that `ShardWriter` wrote.
        bucket, folder: What all keys begin with; `folder` ends with a slash or is empty.
        shard_prefix: Where a shard's files are.
        beside: Names below `folder` of what every shard gets besides its documents.
    """
    base = S3Location(bucket, folder)
    file = pq.ParquetFile(planned, pre_buffer=False)
    for group in range(file.num_row_groups):
        table = file.read_row_group(group, _FILE_COLUMNS)
        shard = shard_prefix(table["shard_id"][0].as_py())
        yield shard.below(SHARD_DOCUMENTS_FILE), _document_lines(table)
        yield shard.below(SHARD_MANIFEST_FILE), json.dumps(_manifest(table, base, shard, beside)).encode()
        hindered = table.filter(pc.is_valid(table["obstacle"]))
        if hindered.num_rows:
            yield shard.below(SHARD_UNDELIVERABLE_FILE), json.dumps(_reasons(hindered)).encode()


def _reasons(hindered: pa.Table) -> dict[str, dict[str, str]]:
    """A `records.Undeliverable` by document id."""
    names = (hindered[name].to_pylist() for name in ("document_id", "obstacle_class", "obstacle"))
    return {document_id: {"error_class": name, "message": message} for document_id, name, message in zip(*names)}


def _document_lines(table: pa.Table) -> bytes:
    """One `records.Document` a line."""
    uris, keys, etags = (_escaped(table[name].combine_chunks()) for name in ("source_uri", "key", "etag"))
    ids = table["document_id"].combine_chunks()
    numbers = [table[name].combine_chunks().cast(pa.string()) for name in ("size_bytes", "attempts")]
    parts = [
        *('{"document_id": "', ids, '", "source_uri": "', uris),
        *('", "key": "', keys, '", "etag": "', etags),
        *('", "size_bytes": ', numbers[0], ', "attempts": ', numbers[1], _page_ranges(table), "}\n", ""),
    ]
    return "".join(pc.binary_join_element_wise(*parts).to_pylist()).encode()


def _page_ranges(table: pa.Table) -> str | pa.Array:
    """Of parts, their pages as JSON, with a comma before."""
    if table["first_page"].null_count == table.num_rows:
        return ""
    ranges = zip(table["first_page"].to_pylist(), table["last_page"].to_pylist())
    return pa.array(
        [first and f', "first_page": {first}, "last_page": {json.dumps(last)}' or "" for first, last in ranges]
    )


def _escaped(texts: pa.Array) -> pa.Array:
    """Texts as JSON, without the quotes."""
    data = texts.buffers()[2]  # all of them, one after the other
    if data is None or not data.to_pybytes().translate(None, delete=_PLAIN):
        return texts
    return pa.array([_quote(text)[1:-1] for text in texts.to_pylist()], pa.string())


def _manifest(
    table: pa.Table, base: S3Location, shard: S3Location, beside: Sequence[str]
) -> list[str | dict[str, str]]:
    """SageMaker's manifest: the common prefix, then the rest of every key (API reference, `S3DataSource`).

    A manifest must list something: where nothing can be downloaded, it is the shard's own list.
    """
    keys = table.filter(pc.is_null(table["obstacle"]))["key"].unique()  # of two parts one
    if len(keys) == 0:
        return [{"prefix": str(shard)}, SHARD_DOCUMENTS_FILE]
    names = pc.utf8_slice_codeunits(keys, len(base.key)).to_pylist()
    return [{"prefix": str(base)}, *names, *beside]
