"""Who reads: OCR engines behind one protocol.

engines          the protocol, pytesseract and tesserocr, choosing one; which page of a failed call is to blame
automatic        the engine of documents whose languages nobody named
script_models    which installed models read which script
tesseract        the `tesseract` program
tesseract_models which models it may have, and how to install one
tesserocr_tasks  the tesserocr library, in a sandbox
rapidocr         the neural engine: sandboxes, and lines made of the pieces that it finds
rapidocr_tasks   the rapidocr library, in a sandbox
line_layout      which pieces make a line, and in what order lines are read; columns
recognition      what was read on a page, from Tesseract's TSV
reading_order    in which order a page's blocks are read
"""
