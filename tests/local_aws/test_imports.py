"""What a server loads, and what it can load later."""

import subprocess
import sys
from pathlib import Path

SCRIPTS = Path(__file__).parents[2] / "job_scripts"
CODE = """
import sys
from local_aws.imports import without_batch
with without_batch():
    from local_aws import application
print("moto.ec2" in sys.modules, "moto.batch" in sys.modules)
from moto.backends import get_backend
print(get_backend("batch")["123456789012"]["us-west-2"].region_name)
"""


def test_a_server_starts_without_ec2_and_answers_calls_of_batch_all_the_same() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], cwd=SCRIPTS, capture_output=True, text=True, check=False)
    assert done.stdout.split("\n")[:2] == ["False False", "us-west-2"], done.stderr
