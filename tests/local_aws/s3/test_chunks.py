"""Bodies in chunks: what they hold is stored, and nothing of one that breaks off."""

import io

import pytest
from werkzeug.exceptions import ClientDisconnected

from local_aws.s3.chunks import copy_chunks

_BODY = b"5;chunk-signature=0a\r\nhello\r\n6\r\n world\r\n0;chunk-signature=0b\r\nx-amz-checksum-crc64nvme:x\r\n\r\n"


def test_the_chunks_are_joined() -> None:
    target = io.BytesIO()
    copy_chunks(io.BytesIO(_BODY), target)
    assert target.getvalue() == b"hello world"


@pytest.mark.parametrize("length", range(_BODY.index(b"\r\nx-amz")))
def test_a_body_that_breaks_off_is_refused(length: int) -> None:
    with pytest.raises(ClientDisconnected):
        copy_chunks(io.BytesIO(_BODY[:length]), io.BytesIO())


@pytest.mark.parametrize("body", [b"hello", b"-5\r\nhello\r\n0\r\n\r\n", b"5\r\nhelloXX0\r\n\r\n"])
def test_a_body_that_is_not_made_of_chunks_is_refused(body: bytes) -> None:
    with pytest.raises(ClientDisconnected):
        copy_chunks(io.BytesIO(body), io.BytesIO())
