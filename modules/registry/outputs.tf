output "repository_url" {
  description = "Where images are pushed to and pulled from."
  value       = aws_ecr_repository.image.repository_url
}

output "repository_arn" {
  description = "ARN of the repository."
  value       = aws_ecr_repository.image.arn
}

output "image_uri" {
  description = "The image that is deployed: by its digest or, where it need not be there yet, by its tag."
  value       = var.required ? "${aws_ecr_repository.image.repository_url}@${data.aws_ecr_image.pushed_by_make_deploy[0].image_digest}" : "${aws_ecr_repository.image.repository_url}:${var.tag}"
}
