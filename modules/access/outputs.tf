output "role_arns" {
  description = "ARN of each actor's role: state_machine, planner, worker, reporter and, if runs are triggered, trigger."
  value       = local.role_arns

  # Step Functions checks at creation that the role may deliver logs.
  depends_on = [aws_iam_role_policy.actor]
}
