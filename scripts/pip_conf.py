"""Writes the machine's own pip settings as a pip.conf for the image's build, where local folders are not visible.

    pip config list | python scripts/pip_conf.py

Certificates are given to the build as /run/secrets/ca_bundle.
"""

import ast
import sys
from collections.abc import Iterable, Iterator

_CA_BUNDLE = "/run/secrets/ca_bundle"
_PASSED_ON = ("index-url", "extra-index-url", "trusted-host", "proxy", "retries", "timeout", "default-timeout")
_ADDRESSES = ("index-url", "extra-index-url", "find-links")


def pip_conf(listing: Iterable[str], *, certificates: bool) -> Iterator[str]:
    """Lines of a pip.conf, from lines of `pip config list` such as `global.index-url='https://…'`."""
    yield "[global]"
    if certificates:
        yield f"cert = {_CA_BUNDLE}"
    for key, value in sorted(_settings(listing).items()):
        yield f"{key} = {value}"


def _settings(listing: Iterable[str]) -> dict[str, str]:
    """What the build can use; what the environment says comes first in the list and counts."""
    found: dict[str, str] = {}
    for line in listing:
        name, _, quoted = line.strip().partition("=")
        key = name.rpartition(".")[2]
        value = ast.literal_eval(quoted) if quoted else ""
        if key in _ADDRESSES:
            value = " ".join(address for address in value.split() if address.startswith(("https://", "http://")))
        if value and key in (*_PASSED_ON, *_ADDRESSES):
            found.setdefault(key, value)
    return found


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in pip_conf(sys.stdin, certificates="--certificates" in sys.argv))
