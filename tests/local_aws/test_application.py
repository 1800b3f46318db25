"""What the web application adds to moto's, seen from outside."""

import http.client
from urllib.parse import urlsplit

import pytest

from tests.support.harness import BUCKET, Harness


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 200), ({"Host": "attacker.example"}, 403), ({"Origin": "null"}, 403), ({"Sec-Fetch-Site": "same-site"}, 403)],
    ids=str,
)
def test_programs_are_answered_and_pages_of_other_sites_refused(
    local: Harness, headers: dict[str, str], status: int
) -> None:
    connection = http.client.HTTPConnection(urlsplit(local.environment.endpoint_url).netloc, timeout=30)
    try:
        connection.request("GET", "/", headers=headers)
        assert connection.getresponse().status == status
    finally:
        connection.close()


def test_a_key_may_contain_a_newline(local: Harness) -> None:
    local.put("lines/one\ntwo", b"12")
    assert local.client("s3").get_object(Bucket=BUCKET, Key="lines/one\ntwo")["Body"].read() == b"12"
