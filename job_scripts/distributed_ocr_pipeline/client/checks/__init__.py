"""What a run needs, looked at one by one: what `ocr-pipeline doctor` says.

- `check`: what a check found, as a record; a fault becomes a problem, and hides no other check.
- `machine`: this machine: programs, languages, the output folder.
- `deployed`: the deployment, where there is one: credentials, workflow, buckets, quotas, image.
"""
