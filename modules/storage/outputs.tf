output "input_bucket" {
  description = "Name of the bucket with the documents."
  value       = local.creates_input ? aws_s3_bucket.input[0].bucket : data.aws_s3_bucket.input[0].bucket
}

output "input_bucket_arn" {
  description = "ARN of the bucket with the documents."
  value       = local.creates_input ? aws_s3_bucket.input[0].arn : data.aws_s3_bucket.input[0].arn
}

output "input_kms_key_arn" {
  description = "ARN of the key of the bucket with the documents; null if it has none of its own, or the deployment's."
  value       = local.creates_input ? null : var.existing_input.kms_key_arn
}

output "output_bucket" {
  description = "Name of the bucket with the results."
  value       = aws_s3_bucket.output.bucket
}

output "output_bucket_arn" {
  description = "ARN of the bucket with the results."
  value       = aws_s3_bucket.output.arn
}

output "kms_key_arn" {
  description = "ARN of the key of everything the deployment stores."
  value       = local.kms_key_arn
}
