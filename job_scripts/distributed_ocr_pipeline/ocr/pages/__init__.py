"""What becomes of a page.

chunk           some pages of a document, from surveys to results
drawing         pages become rasters, finer ones where print is small
reading         rasters become text: prepared, read, turned where they read badly
second_opinion  pages that another engine reads too, and what both make of them
results         a page's row of the tables
quality         how far the text of a row can be believed
in_progress     a page on its way between these
analysis        what a drawn page is like: blank, dark, crooked, shaded, speckled; how high its print is
resolution      at which resolution a page is drawn and read
orientation     which way up a page is
again           reading a page again where the first reading is a guess
"""
