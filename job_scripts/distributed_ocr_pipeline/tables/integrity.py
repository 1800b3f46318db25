"""Whether a shard's files are complete: the ledger's footer says how many rows it has and how large its pages are."""

from collections import Counter

from distributed_ocr_pipeline.layout import RunLayout
from distributed_ocr_pipeline.storage import Storage


def find_incomplete(storage: Storage, run: RunLayout) -> frozenset[str]:
    """File names (`<shard_id>.parquet`) of the run's shards whose files differ from what the ledger's footer says.

    Half an upload is one table without the other, or with that of another attempt. Listing the files of the pages is
    enough, since S3 never shows part of a file.
    """
    sizes: Counter[str] = Counter()
    for item in storage.list_objects(run.pages):
        sizes[item.key.rpartition("/")[2]] += item.size_bytes
    ledgers = list(storage.read_footers(run.documents))
    wrong = {
        file.name
        for file in ledgers
        if (str(file.rows), str(sizes[file.name])) != (file.metadata.get("documents"), file.metadata.get("pages_bytes"))
    }
    return frozenset(wrong | (sizes.keys() - {file.name for file in ledgers}))


def find_untrusted_shards(storage: Storage, output_bucket: str, run_ids: set[str]) -> set[tuple[str, str]]:
    """(run_id, shard_id) of results that cannot be trusted: incomplete ones of runs without a balanced report."""
    return {
        (run.run_id, name.removesuffix(".parquet"))
        for run in (RunLayout(output_bucket, run_id) for run_id in run_ids)
        if not _is_balanced(storage, run)
        for name in find_incomplete(storage, run)
    }


def _is_balanced(storage: Storage, run: RunLayout) -> bool:
    return storage.exists(run.report) and bool(storage.get_json(run.report)["balanced"])
