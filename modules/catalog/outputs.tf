output "database" {
  description = "Name of the Glue database."
  value       = aws_glue_catalog_database.results.name
}

output "workgroup" {
  description = "Name of the Athena workgroup."
  value       = aws_athena_workgroup.results.name
}
