"""KMS keys of objects that SageMaker downloads: one that is foreign, gone or disabled decrypts nothing."""

from botocore.exceptions import ClientError

from local_aws.clients import ACCOUNT, Endpoint
from local_aws.errors import TransferError

_AWS_OWN = "alias/aws/"
_UNKNOWN = (
    "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not "
    "allowed to access."
)


class KeyStates:
    """Looks keys up at the endpoint. The policies of roles are checked elsewhere, where IAM is enforced."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def check(self, key_arn: str) -> None:
        """Raise `TransferError`, in the words of KMS, if nothing can be decrypted with this key."""
        parts = key_arn.split(":", 5)
        if _AWS_OWN in key_arn or len(parts) != 6:
            return
        _, _, _, region, account, _ = parts
        if account != ACCOUNT:
            raise TransferError(f"AccessDenied: {_UNKNOWN}")
        try:
            state = self._endpoint.client("kms", region).describe_key(KeyId=key_arn)["KeyMetadata"]["KeyState"]
        except ClientError as error:
            raise TransferError(f"AccessDenied: {_UNKNOWN}") from error
        if state != "Enabled":
            raise TransferError(f"KMS.DisabledException: {key_arn} is not enabled: its state is {state}.")
