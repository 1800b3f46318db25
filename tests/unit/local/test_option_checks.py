"""What the workflow refuses before a run waits for its turn is what the planning job would refuse after it."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

import jsonata
import pytest

from distributed_ocr_pipeline.config import RunOptions, parse_options
from distributed_ocr_pipeline.errors import BadOption
from distributed_ocr_pipeline.local.definition import DEFINITION, render_definition
from distributed_ocr_pipeline.local.deploy import default_options, template_values

STATES = render_definition(DEFINITION.read_text(encoding="utf-8"), template_values("us-west-2"))["States"]
PREFIX = "s3://bucket/in/"
OPTIONS = sorted(RunOptions.names() - {"input_prefix"})
VALUES: list[Any] = [
    None,
    True,
    False,
    -1,
    0,
    0.5,
    1,
    7,
    300,
    5000,
    10**10,
    "",
    "text",
    "eng",
    "none",
    [],
    ["text"],
    {},
]
WORDS = {
    "partition_key": "run_id",
    "image_format": "webp",
    "engine": "tesserocr",
    "text_layer": "only",
    "instance_type": "ml.c6i.4xlarge",
    "output_format": "parquet",
}


def holds(rule: Mapping[str, Any], options: Mapping[str, Any]) -> bool:
    """A Choice rule, as Step Functions evaluates it: a value of another type meets no comparison."""
    if "And" in rule:
        return all(holds(part, options) for part in rule["And"])
    if "Or" in rule:
        return any(holds(part, options) for part in rule["Or"])
    if "Not" in rule:
        return not holds(rule["Not"], options)
    name = rule["Variable"].removeprefix("$.options.")
    ((operator, wanted),) = ((key, value) for key, value in rule.items() if key != "Variable")
    return (name in options) is wanted if operator == "IsPresent" else OPERATORS[operator](options[name], wanted)


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "IsNull": lambda value, wanted: (value is None) is wanted,
    "IsNumeric": lambda value, wanted: is_number(value) is wanted,
    "IsBoolean": lambda value, wanted: isinstance(value, bool) is wanted,
    "IsString": lambda value, wanted: isinstance(value, str) is wanted,
    "StringEquals": lambda value, wanted: bool(value == wanted),
    "NumericGreaterThan": lambda value, wanted: is_number(value) and value > wanted,
    "NumericGreaterThanEquals": lambda value, wanted: is_number(value) and value >= wanted,
    "NumericLessThanEquals": lambda value, wanted: is_number(value) and value <= wanted,
}


def evaluated(text: str, options: Mapping[str, Any]) -> Any:
    """An expression of JSONata, as Step Functions evaluates it."""
    states = json.dumps({"input": {"options": options}})
    return jsonata.Jsonata(f"($states := {states}; {text.removeprefix('{%').removesuffix('%}')})").evaluate(None)


def refusal(options: Mapping[str, Any]) -> str | None:
    """What the workflow says of options; None if it goes on."""
    for rule in STATES["NamesAreKnown"]["Choices"]:
        if evaluated(rule["Condition"], options):
            return str(evaluated(STATES[rule["Next"]]["Cause"], options))
    state = STATES[STATES["NamesAreKnown"]["Default"]]
    names = (rule["Next"] for rule in state["Choices"] if holds({"And": rule["And"]}, options))
    name = next(names, state["Default"])
    return None if name == "TakeTurn" else STATES[name]["Cause"]


def is_valid(options: Mapping[str, Any]) -> bool:
    """What the planning job says of them."""
    try:
        parse_options({**options, "input_prefix": PREFIX})
        return True
    except BadOption:
        return False


def test_the_states_are_those_that_the_script_makes() -> None:
    command = [sys.executable, "scripts/option_checks.py", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_the_defaults_are_let_through() -> None:
    assert refusal(default_options()) is None and refusal({}) is None


@pytest.mark.parametrize("name", OPTIONS)
def test_nothing_is_refused_that_is_right(name: str) -> None:
    values = [value for value in [*VALUES, WORDS.get(name, "")] if is_valid({name: value})]
    assert values, "no value of these is right for it"
    assert [refusal({name: value}) for value in values] == [None] * len(values)


@pytest.mark.parametrize("name", OPTIONS)
def test_a_value_of_another_type_is_refused_and_named(name: str) -> None:
    refused = [refusal({name: value}) for value in VALUES if not is_valid({name: value})]
    assert any(cause and f"The option {name} should be" in cause for cause in refused)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("max_cost_usd", 0, "a number over 0 to 1000000000 or null"),
        ("max_cost_usd", -1, "a number over 0"),
        ("max_cost_usd", 1e300, "to 1000000000"),
        ("max_cost_usd", "20", "a number over 0"),
        ("dpi", 20, "a whole number from 50 to 1200"),
        ("dpi", 2000, "a whole number from 50 to 1200"),
        ("dpi", 300.5, "option dpi should be a whole number"),
        ("files_per_job", 0.5, "option files_per_job should be a whole number"),
        ("words", "yes", "true or false"),
        ("output_type", "pdf", "one of text, image, both"),
        ("max_error_rate", 1.5, "a number from 0 to 1"),
        ("include", 3, "a list of texts, or a text with commas"),
    ],
)
def test_a_value_out_of_bounds_is_refused_with_what_is_right(name: str, value: Any, words: str) -> None:
    cause = refusal({name: value})
    assert cause is not None and words in cause and not is_valid({name: value})


_NUMBERS = [name for name in OPTIONS if is_valid({name: 1}) or is_valid({name: 300}) or is_valid({name: 10**7})]


@pytest.mark.parametrize("name", _NUMBERS)
def test_a_number_in_quotes_is_no_number_on_either_side(name: str) -> None:
    right, *_ = (number for number in (1, 300, 10**7) if is_valid({name: number}))
    assert refusal({name: right}) is None
    cause = refusal({name: str(right)})
    assert cause and f"The option {name} should be a" in cause and "number" in cause
    with pytest.raises(BadOption, match=f"^Option '{name}': got '{right}'"):
        parse_options({name: str(right), "input_prefix": PREFIX})


def test_a_whole_number_may_have_a_point_on_either_side() -> None:
    assert refusal({"dpi": 300.0, "max_error_rate": 1.0}) is None
    assert parse_options({"dpi": 300.0, "max_error_rate": 1.0, "input_prefix": PREFIX}).dpi == 300


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"dppi": 300}, "dppi"),
        ({"ocr_config": {"dppi": 300}}, "ocr_config"),
        ({"dpi": 300, "Languages": "deu", 'it\'s "so"': None}, 'Languages, it\'s "so"'),
        ({"": 1, "größe": 2}, ", größe"),
        ({"x" * 10_000: 1}, "x" * 500),
    ],
)
def test_a_name_that_is_no_options_is_refused_with_all_names(options: dict[str, Any], names: str) -> None:
    cause = refusal({**default_options(), **options})
    assert cause and cause.startswith(f"There is no option {names}. The options are document_list, ")
    assert all(name in cause for name in RunOptions.names()) and not is_valid(options)


@pytest.mark.parametrize("number", ["inf", "-inf", "nan", "1e999", "0", "-1"])
def test_no_limit_at_all_is_no_number_of_dollars(number: str) -> None:
    with pytest.raises(BadOption, match=r"^Option 'max_cost_usd': got [^;\n]+; input should be [^\n]+\.$"):
        RunOptions(max_cost_usd=number, input_prefix=PREFIX)  # as the command line gives it
    with pytest.raises(BadOption, match="^Option 'max_cost_usd': got"):
        parse_options({"max_cost_usd": float(number), "input_prefix": PREFIX})
