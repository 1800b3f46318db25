"""Which IAM actions a request to the local endpoint needs, on which resources."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote

from local_aws.iam.policies import Call

_S3_OBJECT_ACTIONS = {
    "GET": "GetObject",
    "HEAD": "GetObject",
    "PUT": "PutObject",
    "POST": "PutObject",
    "DELETE": "DeleteObject",
}
_S3_UPLOAD_ACTIONS = {
    "GET": "ListMultipartUploadParts",
    "PUT": "PutObject",
    "POST": "PutObject",
    "DELETE": "AbortMultipartUpload",
}
_STEP_FUNCTIONS_RESOURCES = ("mapRunArn", "executionArn", "stateMachineArn")
_KMS_ACTIONS = {"s3:GetObject": "kms:Decrypt", "s3:PutObject": "kms:GenerateDataKey"}


@dataclass(frozen=True)
class Request:
    """A signed request. The JSON protocols use `target` and `body`, S3 uses `path` and `query`."""

    access_key: str
    region: str
    service: str
    method: str
    path: str
    query: str
    target: str
    body: bytes

    def calls(self, account: str, keys: Mapping[str, str]) -> Iterator[Call]:
        """Every call that must be allowed.

        `keys` maps buckets, by name, and objects, by bucket/key, to the ARN of the KMS key that they have.
        """
        if self.service == "s3":
            return self._s3(keys)
        if self.target == "SageMaker.CreateProcessingJob":
            return self._create_processing_job(account)
        return iter([Call(f"{self.service}:{self.target.rpartition('.')[2]}", self._resource(account))])

    def _resource(self, account: str) -> str:
        """What a call of Step Functions or ECR is about; `*` for other services and for calls about nothing named."""
        asked: Mapping[str, Any] = json.loads(self.body or "{}") if self.service in ("states", "ecr") else {}
        if "repositoryName" in asked:
            return f"arn:aws:ecr:{self.region}:{account}:repository/{asked['repositoryName']}"
        return next((str(asked[name]) for name in _STEP_FUNCTIONS_RESOURCES if name in asked), "*")

    def _s3(self, keys: Mapping[str, str]) -> Iterator[Call]:
        bucket, _, key = unquote(self.path).lstrip("/").partition("/")
        arn, query = f"arn:aws:s3:::{bucket}", parse_qs(self.query, keep_blank_values=True)
        if not key:
            prefix = {"s3:prefix": query["prefix"][0]} if "prefix" in query else {}
            yield Call("s3:GetBucketLocation", arn) if "location" in query else Call("s3:ListBucket", arn, prefix)
            return
        actions = _S3_UPLOAD_ACTIONS if "uploadId" in query else _S3_OBJECT_ACTIONS
        action = f"s3:{actions[self.method]}"
        yield Call(action, f"{arn}/{key}")
        # What is read has the key that it was written with, whatever its bucket's default is by now.
        used = (action == "s3:GetObject" and keys.get(f"{bucket}/{key}")) or keys.get(bucket)
        if used and action in _KMS_ACTIONS:
            yield Call(_KMS_ACTIONS[action], used)

    def _create_processing_job(self, account: str) -> Iterator[Call]:
        asked: Mapping[str, Any] = json.loads(self.body)
        job = f"arn:aws:sagemaker:{self.region}:{account}:processing-job/{asked['ProcessingJobName']}"
        yield Call("sagemaker:CreateProcessingJob", job)
        yield Call("iam:PassRole", asked["RoleArn"], {"iam:PassedToService": "sagemaker.amazonaws.com"})
        if asked.get("Tags"):
            yield Call("sagemaker:AddTags", job)
