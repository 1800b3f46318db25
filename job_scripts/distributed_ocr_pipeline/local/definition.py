"""The workflow definition, rendered in Python as Terraform renders it."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

DEFINITION = Path("modules/workflow/state_machine.asl.yaml")


def render_definition(template: str, values: Mapping[str, str]) -> dict[str, Any]:
    """The state machine as a dict: `template` is YAML in which `${name}` stands for `values["name"]`.

    This is what Terraform's `templatefile` and `yamldecode` do with the same file. A name that is not in
    `values` is a `KeyError`.
    """
    import yaml  # pylint: disable=import-outside-toplevel  # an extra that commands which look at runs do without

    definition: dict[str, Any] = yaml.safe_load(re.sub(r"\$\{(\w+)\}", lambda name: values[name[1]], template))
    return definition
