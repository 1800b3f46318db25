# The container image. Tags are hashes of the image's sources and never move.

resource "aws_ecr_repository" "image" {
  name                 = var.name
  image_tag_mutability = "IMMUTABLE"

  # Images are built from the sources at any time: they do not hold up a destroy.
  force_delete = true

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = var.kms_key_arn
  }

  image_scanning_configuration {
    scan_on_push = true
  }
}

# The workflow is given the digest of the image with the expected tag: what runs is what was pushed. An image that is not
# there stops the deployment here, and Terraform shows this block's name: no job could start.
data "aws_ecr_image" "pushed_by_make_deploy" {
  count = var.required ? 1 : 0

  repository_name = aws_ecr_repository.image.name
  image_tag       = var.tag
}

resource "aws_ecr_lifecycle_policy" "image" {
  repository = aws_ecr_repository.image.name

  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "Keep the last ${var.kept_images} images"
      selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = var.kept_images }
      action       = { type = "expire" }
    }]
  })
}
