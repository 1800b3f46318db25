# What each role may do. Policy documents are computed by the provider itself, which needs no account for that.

provider "aws" {
  region                      = "us-west-2"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

variables {
  aws                      = { account_id = "123456789012", partition = "aws", dns_suffix = "amazonaws.com", region = "us-west-2" }
  name_prefix              = "ocr"
  input_bucket_arn         = "arn:aws:s3:::in"
  input_kms_key_arn        = null
  output_bucket_arn        = "arn:aws:s3:::out"
  kms_key_arn              = "arn:aws:kms:us-west-2:123456789012:key/1"
  volume_kms_key_arn       = null
  repository_arn           = "arn:aws:ecr:us-west-2:123456789012:repository/ocr"
  jobs_in_vpc              = false
  triggered                = false
  permissions_boundary_arn = null
}

run "a_star_stands_only_where_aws_forces_it" {
  command = plan
  module { source = "./modules/access" }

  assert {
    condition = {
      for actor, policy in aws_iam_role_policy.actor : actor => [
        for statement in jsondecode(policy.policy).Statement : statement.Sid if contains(flatten([statement.Resource]), "*")
      ]
      } == {
      planner       = ["LogInToRegistry", "PublishInstanceMetrics", "ReadQuotas"]
      reporter      = ["LogInToRegistry", "PublishInstanceMetrics"]
      state_machine = ["DeliverLogs"]
      worker        = ["LogInToRegistry", "PublishInstanceMetrics"]
    }
    error_message = "A new statement stands on \"*\"."
  }
  assert {
    condition = alltrue(flatten([
      for policy in aws_iam_role_policy.actor : [
        for statement in jsondecode(policy.policy).Statement : [
          for action in flatten([statement.Action]) : !strcontains(action, "*")
        ]
      ]
    ]))
    error_message = "Actions are named one by one."
  }
}

run "roles_are_passed_to_sagemaker_only" {
  command = plan
  module { source = "./modules/access" }

  assert {
    condition = jsonencode([
      for statement in jsondecode(aws_iam_role_policy.actor["state_machine"].policy).Statement : {
        roles     = sort(statement.Resource)
        condition = statement.Condition
      } if contains(flatten([statement.Action]), "iam:PassRole")
      ]) == jsonencode([{
        roles     = [for actor in ["planner", "reporter", "worker"] : "arn:aws:iam::123456789012:role/ocr-${actor}-us-west-2"]
        condition = { StringEquals = { "iam:PassedToService" = "sagemaker.amazonaws.com" } }
    }])
    error_message = "The state machine passes the three jobs' roles, to SageMaker."
  }
}

run "services_assume_their_roles_for_this_account_only" {
  command = plan
  module { source = "./modules/access" }

  assert {
    condition = {
      for actor, role in aws_iam_role.actor : actor => [
        one(jsondecode(role.assume_role_policy).Statement).Principal.Service,
        one(jsondecode(role.assume_role_policy).Statement).Condition.StringEquals["aws:SourceAccount"],
      ]
      } == {
      planner       = ["sagemaker.amazonaws.com", "123456789012"]
      reporter      = ["sagemaker.amazonaws.com", "123456789012"]
      state_machine = ["states.amazonaws.com", "123456789012"]
      worker        = ["sagemaker.amazonaws.com", "123456789012"]
    }
    error_message = "Each role belongs to one service."
  }
}

run "only_worker_and_planner_read_documents" {
  command = plan
  module { source = "./modules/access" }

  assert {
    condition = [
      for actor, policy in aws_iam_role_policy.actor : actor
      if anytrue([
        for statement in jsondecode(policy.policy).Statement :
        contains(flatten([statement.Action]), "s3:GetObject") && anytrue([for arn in flatten([statement.Resource]) : startswith(arn, "arn:aws:s3:::in/")])
      ])
    ] == ["planner", "worker"]
    error_message = "Nobody but the worker, and the planner for page counts, may read a document."
  }
}

run "nobody_deletes_and_nobody_writes_to_the_input" {
  command = plan
  module { source = "./modules/access" }

  assert {
    condition = alltrue(flatten([
      for policy in aws_iam_role_policy.actor : [
        for statement in jsondecode(policy.policy).Statement : [
          for action in flatten([statement.Action]) :
          !startswith(action, "s3:Delete") && (action != "s3:PutObject" || alltrue([for arn in flatten([statement.Resource]) : startswith(arn, "arn:aws:s3:::out/")]))
        ]
      ]
    ]))
    error_message = "Documents are only read, and nothing is ever deleted."
  }
}

run "jobs_join_a_vpc_only_where_one_is_given" {
  command = plan
  module { source = "./modules/access" }

  variables {
    jobs_in_vpc = true
  }

  assert {
    condition = [
      for actor, policy in aws_iam_role_policy.actor : actor
      if contains([for statement in jsondecode(policy.policy).Statement : statement.Sid], "JoinVpc")
    ] == ["planner", "reporter", "worker"]
    error_message = "All three jobs need network interfaces."
  }
}

run "the_documents_own_key_is_for_worker_and_planner" {
  command = plan
  module { source = "./modules/access" }

  variables {
    input_kms_key_arn = "arn:aws:kms:us-west-2:123456789012:key/documents"
  }

  assert {
    condition = {
      for actor, policy in aws_iam_role_policy.actor : actor => [
        for statement in jsondecode(policy.policy).Statement : statement.Action if statement.Resource == "arn:aws:kms:us-west-2:123456789012:key/documents"
      ] if strcontains(policy.policy, "key/documents")
    } == { planner = ["kms:Decrypt"], worker = ["kms:Decrypt"] }
    error_message = "The worker and the planner decrypt documents, nobody else does."
  }
}

run "a_trigger_has_a_role_that_starts_this_state_machine" {
  command = plan
  module { source = "./modules/access" }

  variables {
    triggered = true
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.actor["trigger"].policy).Statement : [statement.Action, statement.Resource]
    ] == [["states:StartExecution", "arn:aws:states:us-west-2:123456789012:stateMachine:ocr"]]
    error_message = "The trigger may start this state machine and do nothing else."
  }
}

run "a_boundary_bounds_every_role" {
  command = plan
  module { source = "./modules/access" }

  variables {
    permissions_boundary_arn = "arn:aws:iam::123456789012:policy/boundary"
  }

  assert {
    condition     = alltrue([for role in aws_iam_role.actor : role.permissions_boundary == "arn:aws:iam::123456789012:policy/boundary"])
    error_message = "No role may be without the boundary."
  }
}

run "other_partitions_have_their_own_arns" {
  command = plan
  module { source = "./modules/access" }

  variables {
    aws               = { account_id = "123456789012", partition = "aws-us-gov", dns_suffix = "amazonaws.com", region = "us-gov-west-1" }
    input_bucket_arn  = "arn:aws-us-gov:s3:::in"
    output_bucket_arn = "arn:aws-us-gov:s3:::out"
    kms_key_arn       = "arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/1"
    repository_arn    = "arn:aws-us-gov:ecr:us-gov-west-1:123456789012:repository/ocr"
  }

  assert {
    condition     = alltrue([for policy in aws_iam_role_policy.actor : strcontains(policy.policy, "arn:aws-us-gov:") && !strcontains(policy.policy, "arn:aws:")])
    error_message = "No ARN may name another partition."
  }
}

run "jobs_of_a_deployment_whose_name_begins_alike_are_not_its_own" {
  command = plan
  module { source = "./modules/access" }

  assert {
    condition = alltrue(flatten([
      for statement in jsondecode(aws_iam_role_policy.actor["state_machine"].policy).Statement : [
        for arn in flatten([statement.Resource]) : endswith(arn, "-????????-????-????-????-????????????")
      ] if startswith(flatten([statement.Action])[0], "sagemaker:")
    ]))
    error_message = "ocr-* would take in the jobs of ocr-eu."
  }
}

run "who_runs_writes_plans_and_no_outcomes" {
  command = plan
  module { source = "./modules/access" }

  assert {
    condition = flatten([
      for statement in jsondecode(output.people_policies.run).Statement : statement.Resource
      if contains(flatten([statement.Action]), "s3:PutObject") && strcontains(jsonencode(statement.Resource), ":::out")
    ]) == ["arn:aws:s3:::out/runs/*/report.html", "arn:aws:s3:::out/runs/*/shards/*", "arn:aws:s3:::out/runs/*/shards.json", "arn:aws:s3:::out/runs/*/plan.json", "arn:aws:s3:::out/runs/*/kept_parts.json", "arn:aws:s3:::out/runs/*/documents.parquet"]
    error_message = "Whoever could write report.json could forge a run."
  }
  assert {
    condition = flatten([
      for statement in jsondecode(output.people_policies.run).Statement : sort(flatten([statement.Resource]))
      if contains(flatten([statement.Action]), "states:ListMapRuns")
    ]) == [for part in ["execution:ocr:*", "mapRun:ocr/*"] : "arn:aws:states:us-west-2:123456789012:${part}"]
    error_message = "Who follows runs sees what their shards wait for, and other workflows' shards no more than before."
  }
  assert {
    condition     = alltrue([for action in flatten([for statement in jsondecode(output.people_policies.read).Statement : statement.Action]) : contains(["s3:ListBucket", "s3:GetObject", "kms:Decrypt"], action)])
    error_message = "Who reads results writes nothing and starts nothing."
  }
}

run "the_disks_key_is_granted_to_aws_services_only" {
  command = plan
  module { source = "./modules/access" }

  variables {
    volume_kms_key_arn = "arn:aws:kms:us-west-2:123456789012:key/disk"
  }

  assert {
    condition = {
      for actor, policy in aws_iam_role_policy.actor : actor => one([
        for statement in jsondecode(policy.policy).Statement : statement.Condition.Bool["kms:GrantIsForAWSResource"] if statement.Sid == "EncryptDisk"
      ]) if strcontains(policy.policy, "EncryptDisk")
    } == { planner = "true", reporter = "true", worker = "true" }
    error_message = "The jobs' disks are encrypted by a service of AWS, with a grant for it alone."
  }
}
