"""A report in the bucket, and a link to it that works in any browser without credentials."""

from pathlib import Path

from distributed_ocr_pipeline.records import S3Location
from distributed_ocr_pipeline.storage import Storage, aws_call


def share_page(storage: Storage, page: Path, location: S3Location, seconds: int) -> str:
    """Store an HTML file; returns a link to it.

    Args:
        storage: Of the bucket.
        page: The file.
        location: Where it is stored.
        seconds: How long the link works. AWS allows a week at most, and no longer than the credentials hold that sign.

    Raises:
        BadInput: It may not be stored there.
        ServiceFault: S3 did not answer.
    """
    client = storage.client()
    with aws_call(f"Writing {location}"):
        kind = {"ContentType": "text/html; charset=utf-8"}
        client.upload_file(str(page), location.bucket, location.key, ExtraArgs=kind)
        named = {"Bucket": location.bucket, "Key": location.key}
        return str(client.generate_presigned_url("get_object", Params=named, ExpiresIn=seconds))
