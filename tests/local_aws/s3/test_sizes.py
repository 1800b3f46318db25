"""Objects that are as large as a rule of the fault plan says."""

from tests.support.harness import BUCKET, Harness

GB = 1024**3


def test_a_large_object_has_its_size_in_listings_and_head_and_when_it_is_read(local: Harness) -> None:
    s3 = local.client("s3")
    s3.put_object(Bucket=BUCKET, Key="sizes/huge.pdf", Body=b"small")
    (listed,) = s3.list_objects_v2(Bucket=BUCKET, Prefix="sizes/")["Contents"]
    assert (listed["Size"], s3.head_object(Bucket=BUCKET, Key="sizes/huge.pdf")["ContentLength"]) == (3 * GB, 3 * GB)
    answer = s3.get_object(Bucket=BUCKET, Key="sizes/huge.pdf")
    assert answer["ContentLength"] == 3 * GB and answer["Body"].read(10) == bytes(10)
    answer["Body"].close()


def test_a_piece_of_a_large_object_is_so_long(local: Harness) -> None:
    local.client("s3").put_object(Bucket=BUCKET, Key="sizes/a/huge.pdf", Body=b"small")
    for asked, length in (("bytes=5-14", 10), (f"bytes={3 * GB - 7}-", 7), (f"bytes={3 * GB - 7}-{4 * GB}", 7)):
        answer = local.client("s3").get_object(Bucket=BUCKET, Key="sizes/a/huge.pdf", Range=asked)
        assert answer["Body"].read() == bytes(length)
