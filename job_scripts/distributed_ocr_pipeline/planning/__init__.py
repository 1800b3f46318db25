"""From a source of documents to shards: listing, what is up to date, pages and work, price, packing.

Everything here keeps its memory flat: documents lie in Parquet files on disk, DuckDB joins and sorts them there, and
Python sees batches and sums.
"""
