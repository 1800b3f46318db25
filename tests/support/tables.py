"""Tables as readers see them, from a bucket."""

from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from distributed_ocr_pipeline.records import S3Location
from distributed_ocr_pipeline.storage import Storage


def read_table(storage: Storage, location: S3Location, schema: pa.Schema, columns: list[str]) -> list[dict[str, Any]]:
    """Columns of all Parquet files below a prefix (a Hive layout); no rows where there are no files."""
    keys = [item.key for item in storage.list_objects(location) if item.key.endswith(".parquet")]
    files = [f"{location.bucket}/{key}" for key in keys]
    if not files:
        return []
    base = f"{location.bucket}/{location.key}".rstrip("/")
    dataset = ds.dataset(files, schema, "parquet", storage.arrow_filesystem(), "hive", partition_base_dir=base)
    rows: list[dict[str, Any]] = dataset.to_table(columns=columns).to_pylist()
    return rows
