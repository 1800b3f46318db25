"""What print stands on other than paper, and pictures without it.

shaded      shaded rows and boxes, on which print is dark as on paper
low_rows    low shaded rows, as tables have them
dark_areas  dark bars and boxes, on which print is light
rules       thin rules around words
"""
