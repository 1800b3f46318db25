"""The document as PDF with invisible text where the print is: everything else of it stays as it is.

- `archival`: makes such a PDF of scans PDF/A-2b, or refuses.
- `searchable`: adds the text to a copy of the document. Callers use this one.
- `text_layer`: the drawing commands of a page's text, and the letters that they use.
- `limits`, `hidden_fonts`, `colours`: what such a PDF may hold; `srgb`: what its colours are.
- `text_state`: the commands of a page, and how text that they write is written.
- `font`: the font, which has no visible glyph.
- `placement`: from pixels of the page as it was read to the page's own space.
- `pictures`: pictures as PDF, without loss.
"""
