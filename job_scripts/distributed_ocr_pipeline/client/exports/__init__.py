"""Files made of the results of runs, without recognising anything again.

- `stored`: the documents that count, with their pages, read shard by shard.
- `originals`: the documents themselves, from this machine or from S3.
- `exporting`: the files of each document, below a folder.
"""
