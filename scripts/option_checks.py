#!/usr/bin/env python3
"""Writes what an execution's options may be, as states of the workflow, between two marker lines of its definition.

scripts/option_checks.py           write
scripts/option_checks.py --check   end with status 1 if the definition is out of date

The planning job knows all rules of config.py. But a run waits for its turn before it plans, and then for an instance
that it pays for. A wrong option should not wait with it: what a Choice can tell (names, types, bounds, words), it tells
first. What looks at names is in JSONata, as JSONPath cannot list the members of an object.
"""

import argparse
import json
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
_TESTS = {"null": "IsNull", "boolean": "IsBoolean", "string": "IsString"}
_WORDS = {
    "null": "null",
    "boolean": "true or false",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "array": "a list of texts, or a text with commas",
    "object": "an object",
}
_WIDTH = 116
_NAMED = ("input_prefix",)  # the state before looks at it
_ADVICE = "docs/usage.md tells what each may be."
_LONGEST_NAMES = 500  # characters of names in a cause, of which AWS stores 32,768


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
    """The states that look at all names, and those that look at the value of each."""
    schema: dict[str, Any] = RunOptions.model_json_schema()["properties"]
    return {**_names(schema), **_values(schema)}


def _names(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A Choice on names that no option has, and on options with a fraction that must be whole; a Fail for each."""
    unknown = (
        f"$filter($keys($states.input.options), function($name) {{ $not($name in {json.dumps(sorted(schema))}) }})"
    )
    whole = json.dumps([name for name, value in schema.items() if _is_whole(value)])
    value = "$lookup($states.input.options, $name)"
    fraction = f"$floor({value}) != {value}"  # `and` evaluates both sides in some versions of JSONata
    fractions = f"$filter({whole}, function($name) {{ $type({value}) = 'number' ? {fraction} : false }})"
    causes = {
        "UnknownOption": (unknown, "There is no option {}" + f". The options are {', '.join(sorted(schema))}."),
        "FractionInOption": (fractions, "The option {} should be a whole number."),
    }
    choices = [{"Condition": f"{{% $count([{found}]) > 0 %}}", "Next": name} for name, (found, _) in causes.items()]
    look = {"Type": "Choice", "QueryLanguage": "JSONata", "Choices": choices, "Default": "OptionsAreRight"}
    ends = {name: _fail_naming(found, cause) for name, (found, cause) in causes.items()}
    return {"NamesAreKnown": look, **ends}


def _fail_naming(found: str, cause: str) -> dict[str, str]:
    """A Fail whose cause has, in its braces, the names that a JSONata expression finds."""
    before, after = cause.split("{}")
    names = f"$substring($join([{found}], ', '), 0, {_LONGEST_NAMES})"
    text = f"{{% '{before}' & {names} & '{after} {_ADVICE}' %}}"
    return {"Type": "Fail", "QueryLanguage": "JSONata", "Error": "BadOption", "Cause": text}


def _is_whole(schema: Mapping[str, Any]) -> bool:
    return "integer" in (schema.get("type"), *(choice.get("type") for choice in schema.get("anyOf", ())))


def _values(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A Choice on the value of each option, and a Fail for each."""
    checked = {name: value for name, value in schema.items() if name not in _NAMED}
    choices = [
        {"And": [{**_variable(name), "IsPresent": True}, {"Not": right(value, _variable(name))}], "Next": _state(name)}
        for name, value in checked.items()
    ]
    ends = {
        _state(name): {
            "Type": "Fail",
            "Error": "BadOption",
            "Cause": f"The option {name} should be {words(value)}. {_ADVICE}",
        }
        for name, value in checked.items()
    }
    return {"OptionsAreRight": {"Type": "Choice", "Choices": choices, "Default": "TakeTurn"}, **ends}


def right(schema: Mapping[str, Any], variable: Mapping[str, str]) -> dict[str, Any]:
    """The rule that a right value meets."""
    kind = schema.get("type")
    if "anyOf" in schema:
        return {"Or": [right(choice, variable) for choice in schema["anyOf"]]}
    if choices := _choices(schema):
        return {"Or": [{**variable, "StringEquals": word} for word in choices]}
    if kind in _TESTS:
        return {**variable, _TESTS[kind]: True}
    if kind in ("integer", "number"):
        bounds = [{**variable, rule: schema[name]} for name, (rule, _) in _BOUNDS.items() if name in schema]
        return {"And": [{**variable, "IsNumeric": True}, *bounds]}
    other = ("IsNull", "IsNumeric", "IsBoolean")  # a list may also be one text; no rule tells lists from objects
    return {"And": [{**variable, name: False} for name in other]}


def words(schema: Mapping[str, Any]) -> str:
    """What a right value is, for people."""
    if "anyOf" in schema:
        return " or ".join(words(choice) for choice in schema["anyOf"])
    if choices := _choices(schema):
        return f"one of {', '.join(choices)}"
    bounds = [text.format(schema[name]) for name, (_, text) in _BOUNDS.items() if name in schema]
    return " ".join([_WORDS[schema["type"]], *bounds])


def _choices(schema: Mapping[str, Any]) -> list[str]:
    return [schema["const"]] if "const" in schema else list(schema.get("enum", ()))


def _variable(name: str) -> dict[str, str]:
    return {"Variable": f"$.options.{name}"}


def _state(name: str) -> str:
    return "Wrong" + "".join(part.capitalize() for part in name.split("_"))


if __name__ == "__main__":
    sys.exit(main())
