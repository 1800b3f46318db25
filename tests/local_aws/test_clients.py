"""Clients of the endpoint: shared while they are in use, and not kept for every job that there was."""

from local_aws.clients import REGION, Credentials, Endpoint


def role(number: int) -> Credentials:
    return Credentials(f"key{number}", "secret", "token")


def test_a_client_is_made_once_for_the_same_credentials() -> None:
    endpoint = Endpoint("http://127.0.0.1:1")
    assert endpoint.client("s3", REGION) is endpoint.client("s3", REGION)
    assert endpoint.client("s3", REGION, role(1)) is endpoint.client("s3", REGION, role(1))
    assert endpoint.client("s3", REGION, role(1)) is not endpoint.client("s3", REGION, role(2))


def test_clients_of_roles_are_kept_only_a_few_and_the_endpoints_own_all() -> None:
    endpoint = Endpoint("http://127.0.0.1:1")
    own, first = endpoint.client("s3", REGION), endpoint.client("s3", REGION, role(0))
    for number in range(1, 8):
        endpoint.client("s3", REGION, role(number))
    assert endpoint.client("s3", REGION) is own
    assert endpoint.client("s3", REGION, role(0)) is not first
    assert len(endpoint._clients) <= 6  # pylint: disable=protected-access
