"""How many pages a document has, from a few pieces of it.

ranges          the pieces, read ahead and held to a limit
page_counts     by kind of document
pdf_pages       PDF: the page tree, and what some pages are
pdf_file        PDF: from the end of the file to its objects
pdf_objects     PDF: the syntax
pdf_encryption  PDF: the key of those that open without a password
jpeg_specks     specks of a scan
"""
