#!/usr/bin/env bash
# A run with the AWS CLI alone, for a machine on which nothing of this project is installed but its deployment's names:
#   examples/programs/aws_cli.sh FOLDER STATE_MACHINE_ARN INPUT_BUCKET OUTPUT_BUCKET
# `terraform output` has them. `make local-setup` prints those of the local environment.
set -euo pipefail
folder=${1:?a folder of documents is needed} workflow=${2:?the ARN of the state machine is needed}
input=${3:?the input bucket is needed} output=${4:?the output bucket is needed}

aws s3 cp "$folder" "s3://$input/documents/" --recursive --only-show-errors
execution=$(aws stepfunctions start-execution --state-machine-arn "$workflow" \
  --input "{\"input_prefix\": \"s3://$input/documents/\"}" --query executionArn --output text)
echo "Started $execution"

status=RUNNING
while [ "$status" = RUNNING ]; do
  sleep 5
  status=$(aws stepfunctions describe-execution --execution-arn "$execution" --query status --output text)
done

run=${execution##*:}
aws s3 cp "s3://$output/runs/$run/report.json" - # what became of the documents
aws s3 ls "s3://$output/pages/run_id=$run/"      # their text, as Parquet
[ "$status" = SUCCEEDED ]
