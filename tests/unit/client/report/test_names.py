"""Addresses as people read them: none looks like another, and none turns the line around it."""

import pytest

from distributed_ocr_pipeline.client.report.names import below, readable


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("file:///docs/a%20b.pdf", "/docs/a b.pdf"),
        ("file:///docs/100%25.pdf", "/docs/100%.pdf"),
        ("file:///docs/caf%E9.pdf", "/docs/caf\\xe9.pdf"),
        ("file:///docs/caf%E8.pdf", "/docs/caf\\xe8.pdf"),
        ("file:///docs/%E2%80%AEfdp.exe%0A", "/docs/\\u202efdp.exe\\n"),
        ("s3://bucket/a%20b\u202e.pdf", "s3://bucket/a%20b\\u202e.pdf"),
    ],
)
def test_an_address_is_shown_as_its_name(address: str, shown: str) -> None:
    assert readable(address) == shown


def test_a_name_below_a_folder_is_the_rest_of_its_address() -> None:
    assert below("file:///my%20docs/", "file:///my%20docs/caf%E9.pdf") == "caf\\xe9.pdf"
    assert below("file:///my%20docs/", "file:///others/a.pdf") == "/others/a.pdf"
