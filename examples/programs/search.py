"""A question to the tables in SQL: on which pages a text stands, with what is around it. Each document counts once.

.venv/bin/python examples/programs/search.py OUTPUT TEXT
"""

import sys

import duckdb

QUESTION = """
WITH current AS (
    SELECT run_id, document_id
    FROM read_parquet($output || '/documents/*/*.parquet', hive_partitioning = true, union_by_name = true)
    QUALIFY row_number() OVER (PARTITION BY document_id ORDER BY status = 'deferred', processed_at DESC, run_id DESC) = 1
)
SELECT source_uri, page_number, substr(text, greatest(1, strpos(lower(text), lower($wanted)) - 30), 80) AS around
FROM read_parquet($output || '/pages/*/*.parquet', hive_partitioning = true, union_by_name = true)
JOIN current USING (run_id, document_id)
WHERE contains(lower(text), lower($wanted))
ORDER BY source_uri, page_number
"""


def main(output: str, wanted: str) -> None:
    """Print a line for each page."""
    rows = duckdb.execute(QUESTION, {"output": output, "wanted": wanted}).fetchall()
    for source_uri, page_number, around in rows:
        print(f"{source_uri} page {page_number}: …{' '.join(around.split())}…")
    print(f"{len(rows)} page{'' if len(rows) == 1 else 's'}")


if __name__ == "__main__":
    main(*sys.argv[1:])
