"""From a document's file to page results: adapters, decisions, engines, and the worker that runs them in parallel.

worker      documents in, page results out, in order and in parallel (parallel, stopping)
pages       one chunk of pages: text layer or raster, engine, right way up (text_layer, orientation, reading_order)
sources     what a document is (media) and how its pages become rasters (resolution, looks, images)
engines     pytesseract and tesserocr behind one protocol (tesseract, tesserocr_tasks)
programs    every external program runs through it (poppler, tesseract), every helper process through helper
"""
