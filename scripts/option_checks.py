#!/usr/bin/env python3
"""Writes what an execution's options may be, as states of the workflow, between two marker lines of its definition.

scripts/option_checks.py           write
scripts/option_checks.py --check   end with status 1 if the definition is out of date

The planning job knows all rules of config.py. But a run waits for its turn before it plans, and a wrong option should
not wait with it: what a Choice can tell (types, bounds, words), it tells first.
"""

import argparse
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from distributed_ocr_pipeline.config import RunOptions
from distributed_ocr_pipeline.local.definition import DEFINITION

PROJECT = Path(__file__).resolve().parents[1]
BEGIN, END = "  # begin: written by scripts/option_checks.py\n", "  # end: written by scripts/option_checks.py\n"
_BOUNDS = {
    "minimum": ("NumericGreaterThanEquals", "from {}"),
    "exclusiveMinimum": ("NumericGreaterThan", "over {}"),
    "maximum": ("NumericLessThanEquals", "to {}"),
}
_WIDTH = 116
_NAMED = ("input_prefix",)  # the state before looks at it


def main() -> int:
    """Bring the definition up to date, or say that it is not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing")
    check = parser.parse_args().check
    path = PROJECT / DEFINITION
    text = path.read_text(encoding="utf-8")
    current = updated(text)
    if current == text:
        return 0
    print(f"{DEFINITION} {'is out of date: run scripts/option_checks.py' if check else 'written'}", file=sys.stderr)
    if not check:
        path.write_text(current, encoding="utf-8")
    return int(check)


def updated(text: str) -> str:
    """The definition with new states between the markers."""
    before, rest = text.split(BEGIN)
    made = yaml.safe_dump(states(), width=_WIDTH, sort_keys=False, default_flow_style=None)
    return before + BEGIN + textwrap.indent(made, "  ") + END + rest.split(END)[1]


def states() -> dict[str, Any]:
    """A Choice, and a Fail for each option."""
    schema = RunOptions.model_json_schema()["properties"]
    checked = {name: value for name, value in schema.items() if name not in _NAMED}
    choices = [
        {"And": [{**_variable(name), "IsPresent": True}, {"Not": right(value, _variable(name))}], "Next": _state(name)}
        for name, value in checked.items()
    ]
    ends = {
        _state(name): {
            "Type": "Fail",
            "Error": "BadOption",
            "Cause": f"The option {name} should be {words(value)}. docs/usage.md tells what each may be.",
        }
        for name, value in checked.items()
    }
    return {"OptionsAreRight": {"Type": "Choice", "Choices": choices, "Default": "TakeTurn"}, **ends}


def right(schema: Mapping[str, Any], variable: Mapping[str, str]) -> dict[str, Any]:
    """The rule that a right value meets."""
    if "anyOf" in schema:
        return {"Or": [right(choice, variable) for choice in schema["anyOf"]]}
    if "enum" in schema:
        return {"Or": [{**variable, "StringEquals": word} for word in schema["enum"]]}
    match schema.get("type"):
        case "null":
            return {**variable, "IsNull": True}
        case "boolean":
            return {**variable, "IsBoolean": True}
        case "integer" | "number":
            bounds = [{**variable, _BOUNDS[name][0]: schema[name]} for name in _BOUNDS if name in schema]
            return {"And": [{**variable, "IsNumeric": True}, *bounds]}
        case "string" if "const" in schema:
            return {**variable, "StringEquals": schema["const"]}
        case "string":
            return {**variable, "IsString": True}
    other = ("IsNull", "IsNumeric", "IsBoolean")  # a list may also be one text; no rule tells lists from objects
    return {"And": [{**variable, name: False} for name in other]}


def words(schema: Mapping[str, Any]) -> str:
    """What a right value is, for people."""
    if "anyOf" in schema:
        return " or ".join(words(choice) for choice in schema["anyOf"])
    if "enum" in schema:
        return f"one of {', '.join(schema['enum'])}"
    match schema.get("type"):
        case "boolean":
            return "true or false"
        case "integer" | "number":
            return " ".join(
                ["a number", *(_BOUNDS[name][1].format(schema[name]) for name in _BOUNDS if name in schema)]
            )
        case "string" if "const" in schema:
            return str(schema["const"])
        case "string":
            return "a text"
        case "array":
            return "a list of texts, or a text with commas"
    return str(schema.get("type"))


def _variable(name: str) -> dict[str, str]:
    return {"Variable": f"$.options.{name}"}


def _state(name: str) -> str:
    return "Wrong" + "".join(part.capitalize() for part in name.split("_"))


if __name__ == "__main__":
    sys.exit(main())
