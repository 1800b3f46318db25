"""SageMaker processing jobs that run on this machine.

api                the calls: create, describe, list, stop
validation         what CreateProcessingJob accepts
quotas             how often a job may be started, and how many instances jobs use
jobs               jobs by name, and their state
runner             one job from start to end: inputs, container, outputs, status
transfer           the download of inputs, the upload of outputs
keys               the KMS keys of what is downloaded
reasons            the reasons of failed jobs, in AWS's words
logs               a job's output as CloudWatch logs and metrics
runtime            a job as a plain process
container_runtime  a job in an image, with docker, podman or buildah
supervisor         a separate program that keeps one job's processes and ends them all
"""
