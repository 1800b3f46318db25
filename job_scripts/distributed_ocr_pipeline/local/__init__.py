"""This project on `local_aws`, the stand-in for AWS on 127.0.0.1. The container image does not hold this package.

    environment   `LocalEnvironment`, a context manager: a server in a separate process, for one run or a test
    run           a run on a folder
    planning      the plan of such a run, made and stored by processes of their own
    folders       the folders of a run: documents are read in one, results are written into the other
    interruption  the early end of such a run
    __main__      the command line: serve, start, stop, status, logs, test
    serve         the server in the foreground; what `local_aws` must know about this project
    background    the server in the background: start, stop, status
    readyfile     the file in which a running server writes its address
    deploy        what Terraform would deploy, without Terraform
    definition    the workflow's file, rendered as Terraform renders it
    selftest      the `test` command
    logs          the `logs` command

Environment variables of the server, read when it starts:

    OCR_LOCAL_FAULTS     a file of faults, see `local_aws.faults`
    OCR_LOCAL_IAM        `enforced`: roles may do only what their policies allow, see `local_aws.iam`
    OCR_LOCAL_RUNTIME    `process` (default) or `container`: how jobs run
    OCR_LOCAL_IMAGE      the image of containers, by default distributed-ocr-pipeline:latest
    OCR_LOCAL_MEMORY_MB  the memory of a container, by default 4096
    CONTAINER_TOOL       docker, podman or buildah, as for `make build-image`
"""
