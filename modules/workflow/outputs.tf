output "state_machine_arn" {
  description = "ARN of the state machine."
  value       = aws_sfn_state_machine.pipeline.arn
}

output "trigger_rules" {
  description = "Names of the rules that start runs."
  value       = [for name, _ in local.triggers : "${var.name_prefix}-${name}"]
}

output "undelivered_queue" {
  description = "Name of the queue with the events that started nothing; null where nothing starts runs."
  value       = length(local.triggers) == 0 ? null : "${var.name_prefix}-undelivered"
}
