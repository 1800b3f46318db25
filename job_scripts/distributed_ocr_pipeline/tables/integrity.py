"""Whether a shard's files are all there: the footers of its ledger and its pages vouch for each other."""

from collections import Counter

from distributed_ocr_pipeline.layout import RunLayout
from distributed_ocr_pipeline.storage import Storage


def find_incomplete(storage: Storage, run: RunLayout) -> frozenset[str]:
    """File names (`<shard_id>.parquet`) of a run's shards whose files are not those that the ledger's footer promises.

    Half an upload is one table without the other, or with that of another attempt. The pages need not be opened: their
    files are listed, and S3 shows no file that is not whole.
    """
    sizes: Counter[str] = Counter()
    for item in storage.list_objects(run.pages):
        sizes[item.key.rpartition("/")[2]] += item.size_bytes
    ledgers = list(storage.read_footers(run.documents))
    wrong = {
        name
        for name, rows, footer in ledgers
        if (str(rows), str(sizes[name])) != (footer.get("documents"), footer.get("pages_bytes"))
    }
    return frozenset(wrong | (sizes.keys() - {name for name, _, _ in ledgers}))


def find_untrusted_shards(storage: Storage, output_bucket: str, run_ids: set[str]) -> set[tuple[str, str]]:
    """(run_id, shard_id) of results that are not to be trusted: incomplete ones of runs without a balanced report."""
    return {
        (run.run_id, name.removesuffix(".parquet"))
        for run in (RunLayout(output_bucket, run_id) for run_id in run_ids)
        if not _is_balanced(storage, run)
        for name in find_incomplete(storage, run)
    }


def _is_balanced(storage: Storage, run: RunLayout) -> bool:
    return storage.exists(run.report) and bool(storage.get_json(run.report)["balanced"])
