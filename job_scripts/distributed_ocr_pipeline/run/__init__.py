"""One run, from the listing to the report.

- `planning`: which documents a run processes, in which shards, and what that takes. The planning job and the client
  call it; its steps are in the package `planning`.
- `manifests`: a shard's files, between the planner, SageMaker and the shard's job.
- `downloads`: where SageMaker put the shard's documents. The shard's job calls it.
- `progress`: how far a shard is. Its job writes it to the log, and the client reads it there.
- `metrics`: what the shard's job reports to CloudWatch.
- `outputs`: the files of documents (searchable PDF, text, …). The shard's job makes them.
- `joining`: the rows of documents that several shards read in parts. The reporting job calls it.
- `evidence`: what plan, ledger and pages say, compared in SQL. The reporting job calls it.
- `reporting`: whether every planned document is accounted for. The reporting job calls it.
"""
