"""The deployment without Terraform agrees with the workflow's template and with the options."""

import re

from distributed_ocr_pipeline.config import parse_options
from distributed_ocr_pipeline.local.definition import DEFINITION
from distributed_ocr_pipeline.local.deploy import MAX_PARALLEL_JOBS, default_options, template_values
from distributed_ocr_pipeline.local.serve import PROJECT


def test_every_name_in_the_template_has_a_value_and_every_value_is_used() -> None:
    names = set(re.findall(r"\$\{(\w+)\}", (PROJECT / DEFINITION).read_text(encoding="utf-8")))
    assert names == set(template_values("us-west-2"))


def test_the_deployments_options_are_valid_and_complete_but_for_the_prefix() -> None:
    options = parse_options(default_options() | {"input_prefix": "s3://bucket/prefix/"})
    assert options.max_parallel_jobs == MAX_PARALLEL_JOBS
    assert not options.planned
