"""The local environment: AWS, as far as the pipeline needs it, on 127.0.0.1.

A moto server, with processing jobs that really run (`jobs`, `runner`, `transfer`, `joblogs`, `supervisor`), the
workflow engine taught to start them (`engine`, `jobtask`, `sdktask`, `distributedmap`) and the calls that moto lacks
(`sagemaker`, `states`, `definition`, `athena`). Where AWS does not say what it does, this environment:

- fails a job whose input is missing when it runs, not when it is created;
- keeps a manifest's folders below the input's LocalPath;
- gives a stopped job SIGTERM, and uploads EndOfJob output only after exit status 0;
- returns a stopped job to the workflow as a success whose status is Stopped;
- answers throttling as `ThrottlingException`, and every other refusal it has no name for as
  `SageMaker.AmazonSageMakerException`.

It differs from AWS in that everything is gone when it ends, jobs start at once and have one instance, containers are
plain processes (without network where the system can do that), children of a Map have no history of their own, its
ResultWriter writes a manifest without results, and no IAM policy is enforced.
"""
