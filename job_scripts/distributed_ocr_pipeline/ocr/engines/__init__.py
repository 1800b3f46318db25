"""Who reads: OCR engines behind one protocol.

engines          the protocol, pytesseract and tesserocr; which page of a failed call is to blame
tesseract        the `tesseract` program
tesserocr_tasks  the tesserocr library, in a sandbox
recognition      what was read on a page, from Tesseract's TSV
reading_order    in which order a page's blocks are read
"""
