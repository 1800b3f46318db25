"""How many pages a document has, from a few pieces of it.

ranges       the pieces, read ahead and held to a limit
page_counts  by kind of document
pdf_pages    PDF: from the end of the file to its page tree
pdf_objects  PDF: the syntax
"""
