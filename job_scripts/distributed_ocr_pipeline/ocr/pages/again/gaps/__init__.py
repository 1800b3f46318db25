"""What the first reading of a page left lying: found, read again, and put in where it stands.

pictures  print outside of all words that were read, each gap a picture
cells     which cells of a page are print, and which no word covers
stacks    columns of numbers that were read as tall words
merging   what was read in the gaps, put into the reading
filling   pages with what was read in their gaps
unread    lines of print of which nothing was read
"""
