# One role per actor, each allowed what it does and no more:
#   state_machine   starts, watches and stops the jobs, reads the plan, writes the run's options and the Map's results
#   planner         lists the documents, reads the ledgers of earlier runs, writes the plan
#   worker          reads documents, writes pages, ledger, page images and files of documents
#   reporter        reads what the workers wrote, writes the report
#   trigger         starts executions on a schedule or an S3 event, where one is configured
# What a role may do stands in the file of its name; what all jobs need, in jobs.tf.

locals {
  partition = var.aws.partition
  here      = "${var.aws.region}:${var.aws.account_id}"

  # Built from its name, because the state machine needs its role first.
  state_machine_arn = "arn:${local.partition}:states:${local.here}:stateMachine:${var.name_prefix}"
  executions_arn    = "arn:${local.partition}:states:${local.here}:execution:${var.name_prefix}"
  map_runs_arn      = "arn:${local.partition}:states:${local.here}:mapRun:${var.name_prefix}"

  services = merge(
    {
      state_machine = "states.amazonaws.com"
      planner       = "sagemaker.amazonaws.com"
      worker        = "sagemaker.amazonaws.com"
      reporter      = "sagemaker.amazonaws.com"
    },
    var.triggered ? { trigger = "events.amazonaws.com" } : {},
  )

  # From the names, not the resources' ARNs: known before anything is made, so a plan shows every policy in full.
  role_arns = { for actor, role in aws_iam_role.actor : actor => "arn:${local.partition}:iam::${var.aws.account_id}:role/${role.name}" }

  policies = {
    state_machine = data.aws_iam_policy_document.state_machine.json
    planner       = data.aws_iam_policy_document.planner.json
    worker        = data.aws_iam_policy_document.worker.json
    reporter      = data.aws_iam_policy_document.reporter.json
    trigger       = data.aws_iam_policy_document.trigger.json
  }
}

data "aws_iam_policy_document" "trust" {
  for_each = local.services

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = [each.value]
    }

    # The service acts for this account only.
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.aws.account_id]
    }
  }
}

resource "aws_iam_role" "actor" {
  for_each = local.services

  name                 = "${var.name_prefix}-${replace(each.key, "_", "-")}-${var.aws.region}"
  assume_role_policy   = data.aws_iam_policy_document.trust[each.key].json
  permissions_boundary = var.permissions_boundary_arn
}

resource "aws_iam_role_policy" "actor" {
  for_each = local.services

  name   = "work"
  role   = aws_iam_role.actor[each.key].id
  policy = local.policies[each.key]
}
