"""Documents that never reach a job, each for another reason: rows, and no obstacle to the others."""

import json
from typing import Any

from tests.support.workplace import Workplace, paper

GOOD = tuple(f"{number:03}.pdf" for number in range(396))
FOREIGN_KEY = "arn:aws:kms:us-west-2:999999999999:key/12345678-1234-1234-1234-123456789012"
REASONS = {
    "archived.pdf": ("missing", "restore it from Glacier"),
    "deleted.pdf": ("missing", "NoSuchKey"),
    "foreign.pdf": ("missing", "AccessDenied"),
    "three-gigabytes.pdf": ("too_large", "max_document_mb"),
}


def test_four_of_four_hundred_documents_cannot_be_delivered_and_the_others_get_their_text_in_the_same_run(
    workplace: Workplace,
) -> None:
    prefix = workplace.put("four-hundred", *GOOD, "deleted.pdf", "three-gigabytes.pdf")
    put(workplace, "four-hundred/archived.pdf", StorageClass="GLACIER")
    put(workplace, "four-hundred/foreign.pdf", ServerSideEncryption="aws:kms", SSEKMSKeyId=FOREIGN_KEY)
    status, run_id = workplace.run_changed(
        prefix, lambda s3, bucket: s3.delete_object(Bucket=bucket, Key="four-hundred/deleted.pdf"), files_per_job=200
    )
    assert status == "SUCCEEDED"
    rows = workplace.rows(run_id)
    assert rows.keys() == {*GOOD, *REASONS} and {len(found) for found in rows.values()} == {1}
    texts = {name: text for name, _, text in workplace.pages(run_id)}
    assert texts.keys() == set(GOOD) and all(name in text for name, text in texts.items())
    for name, (error_class, words) in REASONS.items():
        (row,) = rows[name]
        assert row["error_class"] == error_class and words in row["error_message"], name
    assert manifested(workplace, run_id) == set(GOOD), "the others are not even tried in the end"


def test_the_job_that_finds_them_is_tried_again_where_that_can_help(workplace: Workplace) -> None:
    """It meets a shortage of capacity twice, and fails once by itself."""
    prefix = workplace.put("check", "a.pdf", "b.pdf")
    put(workplace, "check/foreign.pdf", ServerSideEncryption="aws:kms", SSEKMSKeyId=FOREIGN_KEY)
    assert workplace.finish(workplace.start("check-meets-faults", prefix))["status"] == "SUCCEEDED"
    found = {name: row["status"] for name, (row,) in workplace.rows("check-meets-faults").items()}
    assert found == {"a.pdf": "succeeded", "b.pdf": "succeeded", "foreign.pdf": "failed"}
    assert workplace.jobs("check-meets-faults")["check"] == 4


def put(workplace: Workplace, key: str, **how: Any) -> None:
    """A document that is stored in some way."""
    workplace.client("s3").put_object(Bucket=workplace.input_bucket, Key=key, Body=paper(key), **how)


def manifested(workplace: Workplace, run_id: str) -> set[str]:
    """Names of the documents that SageMaker was told to download at last."""
    s3, bucket = workplace.client("s3"), workplace.deployment.output_bucket
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"runs/{run_id}/shards/")["Contents"]
    keys = [item["Key"] for item in listed if item["Key"].endswith("/manifest.json")]
    manifests = [json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in keys]
    return {name for _, *names in manifests for name in names}
