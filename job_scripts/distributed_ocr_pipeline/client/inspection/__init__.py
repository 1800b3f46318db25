"""What is known of runs that went before or go on elsewhere: in the output bucket or folder, and from AWS.

- `outputs`: where runs' files are read: the bucket of a deployment, or a folder laid out like it.
- `status`: what `ocr-pipeline status` says of a run, as a record.
- `stored_runs`: what a run's files say.
- `folder_runs`: the runs of an output folder.
- `deployed_runs`: the runs of a deployment.
- `documents`: the current rows of the ledger that somebody looks for.
- `job_logs`: what the jobs of a deployed run logged.
- `waiting`: why a step of the workflow waits, from its history.
"""
