"""The definition is rendered as Terraform renders it."""

import pytest

from distributed_ocr_pipeline.local.definition import render_definition


def test_names_are_substituted_and_json_paths_left_alone() -> None:
    template = "A: ${name}-x\nB.$: States.Format('${name}-{}', $$.Execution.Name)\nC: ${options}\nD: $.a"
    assert render_definition(template, {"name": "ocr", "options": '{"dpi": 300}'}) == {
        "A": "ocr-x",
        "B.$": "States.Format('ocr-{}', $$.Execution.Name)",
        "C": {"dpi": 300},
        "D": "$.a",
    }


def test_a_name_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError, match="name"):
        render_definition("A: ${name}", {})
