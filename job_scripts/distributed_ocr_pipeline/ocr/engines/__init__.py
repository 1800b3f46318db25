"""Who reads: OCR engines behind one protocol.

engines          the protocol, pytesseract and tesserocr; which page of a failed call is to blame
automatic        the engine of documents whose languages nobody named
script_models    which installed models read which script
tesseract        the `tesseract` program
tesserocr_tasks  the tesserocr library, in a sandbox
recognition      what was read on a page, from Tesseract's TSV
reading_order    in which order a page's blocks are read
"""
