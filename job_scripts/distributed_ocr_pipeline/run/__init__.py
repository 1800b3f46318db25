"""One run, from the listing to the report.

- `planning`: which documents a run processes, in which shards, and what that takes. The planning job and the client
  call it; its steps are in the package `planning`.
- `plan`: what that makes in numbers, for whoever follows the run.
- `delivery`: what reaches a shard's job, and why something did not. Planner, shard's job and checking job call it.
- `progress`: how far a shard is. Its job writes it to the log, and the client reads it there.
- `metrics`: what the shard's job reports to CloudWatch.
- `outputs`: the files of documents (searchable PDF, text, …). The shard's job makes them.
- `joining`: the rows of documents that several shards read in parts. The reporting job calls it.
- `evidence`: what plan, ledger and pages say, compared in SQL. The reporting job calls it.
- `reporting`: whether every planned document is accounted for. The reporting job calls it.
"""
