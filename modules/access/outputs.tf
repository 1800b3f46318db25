output "role_arns" {
  description = "ARN of each actor's role: state_machine, planner, worker, reporter and, if runs are triggered, trigger."
  value       = local.role_arns

  # Step Functions checks at creation that the role may deliver logs.
  depends_on = [aws_iam_role_policy.actor]
}

output "people_policies" {
  description = "Policy documents for people, as JSON: run, for who starts and stops runs; read, for who reads results."
  value = {
    run  = data.aws_iam_policy_document.run.json
    read = data.aws_iam_policy_document.read.json
  }
}
