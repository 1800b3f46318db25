"""Options are validated once, and a wrong one is named with what it got and what is allowed."""

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from distributed_ocr_pipeline import config
from distributed_ocr_pipeline.config import (
    NEED_WORDS,
    AWSConfig,
    JobConfig,
    OCRConfig,
    RunOptions,
    RunSettings,
    parse_options,
)
from distributed_ocr_pipeline.errors import BadOption
from distributed_ocr_pipeline.records import FormatName

PREFIX = {"input_prefix": "s3://bucket/documents/"}


def test_defaults_are_those_of_the_public_interface() -> None:
    aws, ocr = AWSConfig(), OCRConfig()
    assert (aws.region, aws.instance_type, aws.max_parallel_jobs, aws.files_per_job) == (
        "us-west-2",
        "ml.t3.xlarge",
        10,
        10,
    )
    assert (ocr.output_format, ocr.partition_key, ocr.tesseract_config) == ("parquet", "document_id", None)


@pytest.mark.parametrize(
    ("values", "field", "got", "allowed"),
    [
        ({"output_type": "pdf"}, "'output_type'", "'pdf'", "'text', 'image' or 'both'"),
        ({"files_per_job": 0}, "'files_per_job'", "0", "greater than or equal to 1"),
        ({"languages": "eng deu"}, "'languages'", "'eng deu'", "eng+deu"),
        ({"instance_type": "t3.large"}, "'instance_type'", "'t3.large'", "ml.c6i.4xlarge"),
        ({"max_error_rate": 5}, "'max_error_rate'", "5", "less than or equal to 1"),
        ({"outputs": ["text", "docx"]}, "'outputs'", "'docx'", "'searchable_pdf', 'pdfa', 'text'"),
        ({"outputs": ["text"], "output_type": "image"}, "'outputs'", "['text']", "made of text"),
        ({"only_failed": ["slow"]}, "'only_failed'", "'slow'", "timeout"),
        ({"only_failed": ["any"], "reprocess": True}, "'only_failed'", "['any']", "reprocess takes all"),
        ({"input_prefix": "/data"}, "'input_prefix'", "'/data'", "s3://bucket/prefix/"),
    ],
)
def test_a_wrong_value_says_field_value_and_what_is_allowed(
    values: dict[str, object], field: str, got: str, allowed: str
) -> None:
    with pytest.raises(BadOption) as error:
        parse_options(PREFIX | values)
    assert all(part in str(error.value) for part in (field, got, allowed))
    assert "\n" not in str(error.value)


def test_an_unknown_option_is_named_with_the_known_ones() -> None:
    with pytest.raises(BadOption, match=r"'colour'.*max_error_rate.*output_type"):
        parse_options(PREFIX | {"colour": "grey"})


def test_a_missing_prefix_is_named() -> None:
    with pytest.raises(BadOption, match="'input_prefix' is required"):
        parse_options({})


def test_several_mistakes_are_all_told() -> None:
    with pytest.raises(BadOption, match=r"'dpi'.*'engine'|'engine'.*'dpi'"):
        parse_options(PREFIX | {"dpi": 1, "engine": "magic"})


def test_a_number_in_quotes_is_refused_in_an_execution_input() -> None:
    with pytest.raises(BadOption, match="'max_parallel_jobs': got '5'"):
        parse_options(PREFIX | {"max_parallel_jobs": "5"})


def test_the_command_line_may_give_numbers_as_text() -> None:
    assert RunOptions(**PREFIX, max_parallel_jobs="5").max_parallel_jobs == 5


def test_options_that_are_not_an_object_are_refused() -> None:
    with pytest.raises(BadOption, match="'options'"):
        parse_options(["s3://bucket/"])  # type: ignore[arg-type]


def test_configuration_cannot_be_changed_after_it_was_validated() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        AWSConfig().region = "eu-west-1"  # type: ignore[misc]


def test_only_options_that_change_the_tables_change_the_fingerprint() -> None:
    plain = parse_options(PREFIX)
    assert parse_options(PREFIX | {"files_per_job": 99, "reprocess": True}).fingerprint == plain.fingerprint
    changed: list[dict[str, Any]] = [
        {"languages": "deu"},
        {"dpi": 200},
        {"output_type": "both"},
        {"tesseract_config": {"psm": 6}},
        {"words": True},
    ]
    # Text can be exported of what was read without it; what says where words stand cannot.
    assert parse_options(PREFIX | {"outputs": ["text"]}).fingerprint == plain.fingerprint
    assert parse_options(PREFIX | {"outputs": ["alto"]}).fingerprint == parse_options(PREFIX | changed[-1]).fingerprint
    assert len({parse_options(PREFIX | values).fingerprint for values in changed} | {plain.fingerprint}) == 6


@pytest.mark.parametrize("name", get_args(FormatName))
def test_outputs_that_say_where_words_stand_switch_words_on(name: FormatName) -> None:
    assert parse_options(PREFIX | {"outputs": [name], "words": False}).words is (name in NEED_WORDS)
    assert OCRConfig(outputs=[name]).model_dump(exclude_unset=True).get("words", False) is (name in NEED_WORDS)


def test_outputs_may_be_one_text_and_each_counts_once() -> None:
    assert OCRConfig.model_validate({"outputs": "text, tsv,text"}).outputs == ["text", "tsv"]


@pytest.mark.parametrize(
    "settings",
    [
        {"psm": 6, "oem": 1},
        {"psm": "13"},  # as Terraform passes it on
        {"preserve_interword_spaces": True, "load_system_dawg": 0, "textord_min_linesize": 2.5},
        {"tessedit_char_whitelist": "0123456789 $=-\\n/"},
    ],
)
def test_settings_that_change_how_a_page_is_read_are_taken(settings: dict[str, Any]) -> None:
    assert OCRConfig(tesseract_config=settings).tesseract_config == settings


@pytest.mark.parametrize(
    ("settings", "name", "allowed"),
    [
        ({"psm": 0}, "'psm'", "must be one of 1, 3, 4"),  # neither 0 nor 2 reads text
        ({"psm": 2}, "'psm'", "must be one of 1, 3, 4"),
        ({"psm": True}, "'psm'", "must be one of 1, 3, 4"),
        ({"oem": 4}, "'oem'", "must be one of 0, 1, 2, 3"),
        ({"tessedit_pageseg_mode": 0}, "'tessedit_pageseg_mode'", "use psm"),
        ({"page_separator": "--"}, "'page_separator'", "pages are told apart by it"),
        ({"psm": 6, "debug_file": "/tmp/x"}, "'debug_file'", "only change how a page is read"),
        ({"debug_file=/tmp/x": 1}, "'debug_file=/tmp/x'", "only change how a page is read"),
        ({"tessedit_char_whitelist=a -c debug_file": "x"}, "whitelist=a", "only change how a page is read"),
        ({"": 1}, "''", "only change how a page is read"),
        ({"dotproduct": "/tmp/x"}, "'dotproduct'", "must be a number; text is for tessedit_char_whitelist"),
        ({"tessedit_char_whitelist": "a\0b"}, "'tessedit_char_whitelist'", "without NUL"),
        ({"tessedit_char_blacklist": "x" * 20_001}, "'tessedit_char_blacklist'", "at most 20000 characters"),
    ],
)
def test_other_tesseract_settings_are_refused(settings: dict[str, Any], name: str, allowed: str) -> None:
    with pytest.raises(BadOption) as error:
        parse_options(PREFIX | {"tesseract_config": settings})
    assert str(error.value).startswith("Option 'tesseract_config': got ")
    assert name in str(error.value) and allowed in str(error.value)


def test_options_survive_the_way_through_run_json() -> None:
    options = parse_options(PREFIX | {"tesseract_config": {"psm": 6}, "max_error_rate": 0.5})
    assert parse_options(json.loads(options.model_dump_json())) == options


@pytest.mark.parametrize("name", sorted(JobConfig.names() - {"instance_type"}))
def test_terraform_allows_the_same_numbers(name: str) -> None:
    rule = re.compile(rf"var\.run\.{name} >= (\d+) && var\.run\.{name} <= (\d+)\b")
    ((low, high),) = rule.findall(Path("variables.tf").read_text(encoding="utf-8"))
    for number in (int(low), int(high)):
        assert getattr(RunOptions(**PREFIX, **{name: number}), name) == number
    for number in (int(low) - 1, int(high) + 1):
        with pytest.raises(BadOption, match=name):
            RunOptions(**PREFIX, **{name: number})


def test_options_of_a_run_are_those_of_both_configurations_and_more() -> None:
    assert JobConfig.names() | OCRConfig.names() < RunSettings.names()
    assert RunOptions.names() == RunSettings.names() | {"input_prefix", "planned", "planned_after", "may_be_empty"}


@pytest.mark.parametrize(("shards", "tolerated"), [(1, 10), (100, 10), (1000, 100)])
def test_shards_that_fail_stop_the_others_only_when_they_are_many_and_a_large_share(
    shards: int, tolerated: int
) -> None:
    options = RunOptions(input_prefix="s3://bucket/prefix/")
    assert options.tolerated_of(shards) == tolerated


def test_a_share_of_failed_shards_is_a_whole_number_because_step_functions_takes_no_other() -> None:
    with pytest.raises(BadOption, match="tolerated_failed_shards_percent"):
        parse_options({"input_prefix": "s3://bucket/prefix/", "tolerated_failed_shards_percent": 2.5})
    values = RunOptions(input_prefix="s3://bucket/prefix/", tolerated_failed_shards_percent=20).model_dump()
    assert isinstance(values["tolerated_failed_shards_percent"], int)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"engine": "rapidocr", "languages": "eng+rus"}, "'languages': got 'eng.rus'; .* does not read rus: it knows"),
        ({"engine": "rapidocr", "languages": "Fraktur"}, "does not read Fraktur"),
        ({"engine": "rapidocr", "languages": "auto"}, "name languages"),
        ({"engine": "rapidocr", "tesseract_config": {"psm": 6}}, "'tesseract_config': .*has none of Tesseract's"),
        ({"engine": "rapidocr", "second_opinion": "always"}, "'second_opinion': got 'always'; .*use none"),
        ({"second_opinion": "doubtful", "languages": "kan"}, "'second_opinion': got 'doubtful'; .* does not read kan"),
        ({"second_opinion": "perhaps"}, "'second_opinion': got 'perhaps'"),
    ],
)
def test_what_the_neural_engine_cannot_do_is_refused_before_a_run(values: dict[str, object], message: str) -> None:
    with pytest.raises(BadOption, match=message) as error:
        parse_options(PREFIX | values)
    assert "\n" not in str(error.value)


def test_the_neural_engine_reads_languages_that_it_knows_and_judges_pages_one_by_one() -> None:
    assert parse_options(PREFIX | {"engine": "rapidocr", "languages": "fra+chi_sim"}).neural
    assert parse_options(PREFIX | {"second_opinion": "doubtful", "languages": "auto"}).neural
    assert not parse_options(PREFIX).neural


def test_results_without_a_second_opinion_stay_up_to_date_and_those_with_one_are_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The fingerprint of the plain options is the one that ledgers have from before there were second opinions."""
    monkeypatch.setattr(config, "TEXT_REVISION", 1)
    plain = parse_options(PREFIX)
    assert plain.fingerprint == "054ec72a639a7f21"
    assert parse_options(PREFIX | {"second_opinion": "none"}).fingerprint == plain.fingerprint
    wanted = {parse_options(PREFIX | {"second_opinion": value}).fingerprint for value in ("doubtful", "always")}
    assert len(wanted | {plain.fingerprint}) == 3
