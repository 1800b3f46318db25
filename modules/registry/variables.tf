variable "name" {
  description = "Name of the repository."
  type        = string
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key the images are encrypted with."
  type        = string
  nullable    = false
}

variable "tag" {
  description = "Tag of the image that the workflow runs."
  type        = string
  nullable    = false
}

variable "required" {
  description = "Whether that image must be there."
  type        = bool
  nullable    = false
}

variable "kept_images" {
  description = "How many images stay; older ones are deleted."
  type        = number
  nullable    = false
}
