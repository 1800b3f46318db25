"""Prints the media type of a tag's manifest in ECR: python scripts/ecr_image.py REGION REPOSITORY TAG.

Exit status 1, and nothing printed, where there is no such image.
"""

import sys

import boto3


def media_type(region: str, repository: str, tag: str) -> str:
    """Of the manifest that the tag stands for; empty if there is none."""
    client = boto3.Session(region_name=region).client("ecr")
    try:
        answer = client.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])
    except (client.exceptions.ImageNotFoundException, client.exceptions.RepositoryNotFoundException):
        return ""
    return str(answer["imageDetails"][0].get("imageManifestMediaType", "unknown"))


if __name__ == "__main__":
    found = media_type(*sys.argv[1:4])
    print(found)
    sys.exit(0 if found else 1)
