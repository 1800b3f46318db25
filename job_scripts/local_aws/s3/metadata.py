"""What callers say about the objects of a bucket of files: in a hidden folder, a JSON file for each that has any."""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

NO_METADATA: Mapping[str, str] = MappingProxyType({})

_FOLDER = ".metadata"  # names at the top of a bucket that begin with a dot are no objects


class ObjectMetadata:
    """The user metadata of one bucket's objects, by key."""

    def __init__(self, root: Path) -> None:
        self._folder = root / _FOLDER

    def find(self, key: str) -> Mapping[str, str]:
        """What the caller who stored an object said about it."""
        try:
            found: dict[str, str] = json.loads(self._file(key).read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            return NO_METADATA
        return found

    def keep(self, key: str, metadata: Mapping[str, str]) -> None:
        """Replace what is known of an object."""
        file = self._file(key)
        if not metadata:
            file.unlink(missing_ok=True)
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        incoming = file.with_suffix(".incoming")
        incoming.write_text(json.dumps(dict(metadata)), encoding="utf-8")
        os.replace(incoming, file)

    def _file(self, key: str) -> Path:
        return self._folder / f"{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()}.json"
