"""What each command of `ocr-pipeline` does; `command_line` calls one of them.

- `run`: what `ocr-pipeline` does without a command's name.
- `estimate`: what a run would take.
- `report`, `show`: files to look at in a browser, of a run and of a document.
- `doctor`: whether everything is there that a run needs.
- `export`: files of the documents of finished runs.
- `status`, `list`, `logs`: runs, their documents and their log lines, in the terminal.
- `stop`: ends a run, or the jobs that runs left behind.
"""
