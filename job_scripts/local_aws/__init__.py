"""AWS on 127.0.0.1, for programs that run SageMaker processing jobs from Step Functions.

A moto server in which processing jobs really run and distributed Maps keep their limits. It imports nothing of the
project that uses it: `settings.ServerSettings` holds what it must know, and `server.serving` starts it.

    server        the process's server: start, end, temporary folders
    settings      what a server must be told about the project whose jobs it runs
    account       quotas, and the choice between readings of AWS
    application   moto's web application with the additions of this package
    clients       boto3 clients of the endpoint; account, region and keys
    regions       S3's redirect to the region of a bucket
    faults        jobs and S3 calls that go wrong on demand
    errors        every error of this package
    sagemaker/    processing jobs
    stepfunctions/  state machines
    s3/           buckets that are folders of this machine
    iam/          policies and their enforcement
    athena        the one call of Athena that moto lacks, too little for a folder
    eventbridge   rules that call their targets
    service_quotas  SageMaker's quotas, which moto does not know

Each folder of a service has the same names where it has the thing: `api` for the calls, `validation` for what they
accept.

It is the strictest reading of AWS. docs/local-aws.md has the sources, and what is still kinder. Where AWS does not
document what it does, this package:

- fails a job whose input is missing when the job runs, not when it is created;
- keeps the folders of a manifest's keys below the input's LocalPath;
- sends a stopped job SIGTERM, and uploads EndOfJob output only after exit status 0;
- returns a stopped job to the workflow as a success whose status is Stopped.

It differs from AWS in these points: everything is gone when the server ends, except the objects of buckets that are
folders; a job goes without a file of such a bucket that is gone or cannot be read; jobs start at once and have one
instance; containers are plain processes unless an image is chosen, without network where the system allows that; the
ResultWriter of a Map writes a manifest without results; IAM policies are not enforced unless that is switched on;
rules for faults make calls and jobs fail on demand.
"""
