"""Reading a page again where the first reading is a guess, or left something lying.

ways      other ways to prepare a page, and which of two readings is kept
gaps      print outside of all words that were read
low_rows  low shaded rows, as tables have them
dark_areas  light print on dark bars and boxes
mirrored  print of the other side of the sheet, which shows through
shaded    shaded rows and boxes, on which print is dark as on paper
lines     a reading as paragraphs of lines of words, and back
babble    words that are no text
unread    lines of print of which nothing was read
two_readings  Tesseract's words and the neural engine's as one reading
same_places   which words of two readings are one
"""
