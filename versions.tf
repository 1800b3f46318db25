# The state stays in this folder unless a backend is configured: see backend.hcl.example.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source = "hashicorp/aws"
      # The last line of version 5. Version 6 changes resources and data sources, and these tests have not run with it.
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = merge({ Project = var.name_prefix }, var.tags)
  }
}
