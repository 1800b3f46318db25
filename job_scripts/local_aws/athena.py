"""The Athena call of the local endpoint that moto lacks and `terraform destroy` makes."""

from moto.athena.responses import AthenaResponse
from moto.core.responses import BaseResponse


def install() -> None:
    """Add the call to moto's. Once per process."""
    setattr(AthenaResponse, delete_named_query.__name__, delete_named_query)


def delete_named_query(response: BaseResponse) -> str:
    """Forget a saved query; one that is not there is no error."""
    queries = response.athena_backend.named_queries  # type: ignore[attr-defined]
    queries.pop(response._get_param("NamedQueryId"), None)  # pylint: disable=protected-access
    return "{}"
