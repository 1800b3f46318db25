"""What people look at in a browser: a run's report, and pages beside their text, as files that need nothing else.

run_report      everything that the report of a run shows, from its tables, plan and proof
figures         counts, bins and bounded lists of a run, by SQL: nothing is held that grows with documents or pages
failures        documents without a full result, with reason and advice
document_view   the pages of one document, by its current row
page_views      a page as it is shown: its row, its words by confidence, its picture
pictures        pictures of pages: of the image that was kept, or drawn from the document again
names           addresses as people read them
charts          bars as shapes of SVG
files           what is written, and opened in a browser
sharing         a copy in the bucket, and a link to it
html            records to HTML; nothing that comes from a document can be more than text
"""
