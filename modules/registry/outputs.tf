output "repository_url" {
  description = "Where images are pushed to and pulled from."
  value       = aws_ecr_repository.image.repository_url
}

output "repository_arn" {
  description = "ARN of the repository."
  value       = aws_ecr_repository.image.arn
}
