"""Prints a password for the account's ECR registry in a region: python scripts/ecr_password.py REGION."""

import base64
import sys

import boto3


def ecr_password(region: str) -> str:
    """A password for the user AWS, good for twelve hours."""
    answer = boto3.Session(region_name=region).client("ecr").get_authorization_token()
    token = base64.b64decode(answer["authorizationData"][0]["authorizationToken"]).decode("ascii")
    return token.partition(":")[2]


if __name__ == "__main__":
    sys.stdout.write(ecr_password(sys.argv[1]))
