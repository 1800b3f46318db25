"""The results as rows: the tables `pages` and `documents` (the ledger).

- `schema`: the columns. Everything that reads or writes a table uses it.
- `writer`: a shard's rows into Parquet files. The shard's job calls it.
- `parts`: what shards say of documents that they read in parts, and the row that is made of it.
- `latest`: the row that counts of every document, over all runs. The planner and users call it.
- `memory`: gives back to the system what Arrow and the C library hold of it. Whoever starts or plans a run calls it.
- `integrity`: whether a shard's files are complete. The planner and the reporting job call it.
"""
