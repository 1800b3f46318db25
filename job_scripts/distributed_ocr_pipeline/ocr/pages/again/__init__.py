"""Reading a page again where the first reading is a guess, or left something lying.

ways      other ways to prepare a page, and which of two readings is kept
gaps      print outside of all words that were read
grounds   what print stands on other than paper: shaded rows, dark bars, rules
mirrored  print of the other side of the sheet, which shows through
specks    whether what was removed as specks was print
columns   whether print stands in columns, which must not be read across
lines     a reading as paragraphs of lines of words, and back
babble    words that are no text
two_readings  Tesseract's words and the neural engine's as one reading
same_places   which words of two readings are one
"""
