"""The call of Athena that moto lacks."""

from tests.support.harness import Harness


def test_a_saved_query_can_be_deleted_more_than_once(local: Harness) -> None:
    client = local.client("athena")
    query = client.create_named_query(Name="rows", Database="ocr", QueryString="SELECT 1")["NamedQueryId"]
    assert query in client.list_named_queries()["NamedQueryIds"]
    for _ in range(2):
        client.delete_named_query(NamedQueryId=query)
    assert query not in client.list_named_queries()["NamedQueryIds"]
