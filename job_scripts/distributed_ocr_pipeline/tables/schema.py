"""The columns of the two tables.

`pages` has a row per page, `documents` (the ledger) a row per input object. A column that is a folder of the layout is
not in the files: `run_id` never, and of `pages` not the column that `partition_key` names. docs/tables.md lists types,
units and meanings.
"""

import pyarrow as pa

WORD = pa.struct(
    [
        ("text", pa.string()),
        ("left", pa.int32()),
        ("top", pa.int32()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("confidence", pa.float32()),
        ("line", pa.int32()),
    ]
)

OUTPUT = pa.struct([("format", pa.string()), ("uri", pa.string()), ("size_bytes", pa.int64()), ("error", pa.string())])

PAGES_SCHEMA = pa.schema(
    [
        ("shard_id", pa.string()),
        ("document_id", pa.string()),
        ("source_uri", pa.string()),
        ("page_number", pa.int32()),
        ("page_count", pa.int32()),
        ("text", pa.string()),
        ("text_source", pa.string()),
        ("status", pa.string()),
        ("error_class", pa.string()),
        ("error_message", pa.string()),
        ("confidence", pa.float32()),
        ("quality", pa.string()),
        ("word_count", pa.int32()),
        ("words", pa.list_(WORD)),
        ("language", pa.string()),
        ("rotation_degrees", pa.float32()),
        ("dpi", pa.int32()),
        ("width_px", pa.int32()),
        ("height_px", pa.int32()),
        ("duration_ms", pa.int64()),
        ("image_uri", pa.string()),
        ("note", pa.string()),
    ]
)

DOCUMENTS_SCHEMA = pa.schema(
    [
        ("shard_id", pa.string()),
        ("document_id", pa.string()),
        ("source_uri", pa.string()),
        ("source_etag", pa.string()),
        ("size_bytes", pa.int64()),
        ("media_type", pa.string()),
        ("page_count", pa.int32()),
        ("pages_succeeded", pa.int32()),
        ("pages_failed", pa.int32()),
        ("pages_blank", pa.int32()),
        ("status", pa.string()),
        ("error_class", pa.string()),
        ("error_message", pa.string()),
        ("duration_ms", pa.int64()),
        ("attempts", pa.int32()),
        ("engine", pa.string()),
        ("engine_version", pa.string()),
        ("options_fingerprint", pa.string()),
        ("processed_at", pa.timestamp("ms", tz="UTC")),
        ("outputs", pa.list_(OUTPUT)),
    ]
)

_RUN_ID = ("run_id", pa.string())

LEDGER_SCHEMA = pa.schema([_RUN_ID, *DOCUMENTS_SCHEMA])
"""`documents` of all runs together, as readers see it."""

ALL_PAGES_SCHEMA = pa.schema([_RUN_ID, *PAGES_SCHEMA])
"""`pages` of all runs together, as readers see it."""
