"""What reaches a shard's job, and why something did not.

- `manifests`: a shard's files, between the planner, SageMaker and the shard's job.
- `downloads`: where SageMaker put the shard's documents. The shard's job calls it.
- `undeliverable`: documents that SageMaker cannot download. The checking job finds them; they become rows.
- `local_documents`: why a document of this machine did not reach its job.
- `passwords`: a file of passwords of PDFs, which every job gets beside its documents.
"""
