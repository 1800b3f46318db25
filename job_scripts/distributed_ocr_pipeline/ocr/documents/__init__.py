"""What a file is, what its pages are, and how they become rasters.

opening      a file's kind decides which source reads it (media_type)
source       the protocol of an open document, and what is known of a page before it is drawn
pdf          PDF as a source; pdf_drawing makes rasters of its pages
picture      pictures as sources
poppler      the programs of Poppler
text_layer   whether a page's own text can be trusted
vertical     letters that run down the page
letters      whether letters are used as languages use them
looks        what pikepdf sees in a PDF
tasks        what runs in a sandbox, because it reads files from strangers
"""
