"""What people and other programs open: files made of a document's page rows, and of the document itself.

Everything here works from `PageResult`s, whether they come from the worker or from the table of pages; nothing is
recognised, and nothing is known of buckets and runs.

- `document_files`: the files of one document, each whole or not at all. Callers use this one.
- `tasks`: the same for a sandbox, in which the shard's job makes them.
- `formats`: the formats by name, and the writers of their files.
- `structure`: paragraphs and lines of a page's words.
- `text`, `markdown`, `hocr`, `alto`, `tsv`, `jsonl`: a page as text of that format.
- `pdf`: the document as PDF with invisible text where the print is.
"""
