"""On the user's machine: the Python interface and the command line. Not in the image.

- `pipeline`: `OCRPipeline`, a run as one call. Users import it from the package.
- `runs`: `Runs`, what the commands that look at runs do. Users import it from the package.
- `retrying`: which documents failed, and how a run reads just these. `runs` and the command call it.
- `processor`: `DocumentProcessor`, one document in this process. Users import it from the package.
- `execution`: a run on a deployment, from the plan to the report. `pipeline` and `local.run` call it.
- `started_run`: a run that its caller does not wait for. `OCRPipeline.start` returns it.
- `results`: what a run gives back, and the observer that is told while it runs.
- `job_progress`: how far the run's jobs are, from their logs. `execution` reads it.
- `command_line`: from the words of a command line to its exit status. `main` calls it.
- `commands`: what `ocr-pipeline` and its commands do. `command_line` calls them.
- `report`: what people look at in a browser: a run's report, pages beside their text.
- `terminal`: what a run shows.
- `consent`: the question before a run that may cost more than its caller wants.
- `turns`: whose turn it is over a prefix. `execution` asks before it plans.
"""
