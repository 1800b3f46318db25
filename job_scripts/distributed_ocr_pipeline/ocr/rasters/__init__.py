"""Grey pictures of pages.

raster     a page's picture, what is done to it before it is read, and the page image
decoding   pictures from outside become rasters, in a sandbox
rasterised  what decoding says of them
heic       photos of phones
coloured   grey of a picture in colour that keeps coloured print
median     the filter that removes specks
even       paper made even
levels     grey levels of a histogram
faint      very faint print, found and made dark
"""
