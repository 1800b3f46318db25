"""The Athena call of the local endpoint that moto lacks and `terraform destroy` makes."""

from moto.athena.responses import AthenaResponse
from moto.core.responses import BaseResponse


def install() -> None:
    """Add the call to moto's. Call it once per process."""
    setattr(AthenaResponse, delete_named_query.__name__, delete_named_query)


def delete_named_query(response: BaseResponse) -> str:
    """Delete a saved query; one that does not exist is no error."""
    queries = response.athena_backend.named_queries  # type: ignore[attr-defined]
    queries.pop(response._get_param("NamedQueryId"), None)  # pylint: disable=protected-access
    return "{}"
