"""Exit status 0 if a bucket holds an object, 1 if it holds none or is not there."""

import sys

from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.records import S3Location
from distributed_ocr_pipeline.storage import Storage


def has_data(bucket: str) -> bool:
    """Whether the bucket holds at least one object."""
    try:
        return next(Storage().list_objects(S3Location(bucket, "")), None) is not None
    except BadInput as error:
        print(error, file=sys.stderr)
        return False


if __name__ == "__main__":
    sys.exit(0 if has_data(sys.argv[1]) else 1)
