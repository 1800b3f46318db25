# One screen: are runs going well, how fast, and is the money well spent?

locals {
  widgets = [
    {
      title = "Runs"
      stat  = "Sum"
      metrics = [
        for name in ["ExecutionsStarted", "ExecutionsSucceeded", "ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"] :
        ["AWS/States", name, "StateMachineArn", var.state_machine_arn]
      ]
    },
    {
      title = "Shards (child executions of the Map)"
      stat  = "Sum"
      metrics = [
        for name in ["ExecutionsStarted", "ExecutionsSucceeded", "ExecutionsFailed"] :
        ["AWS/States", name, "StateMachineArn", "${var.state_machine_arn}/ProcessShards"]
      ]
    },
    {
      title   = "Documents processed, and those with a processing fault"
      stat    = "Sum"
      metrics = [for name in ["DocumentsProcessed", "ProcessingErrors"] : [local.metrics_namespace, name, "Pipeline", var.name_prefix]]
    },
    {
      title   = "Error rate of a shard, %"
      stat    = "Maximum"
      metrics = [[local.metrics_namespace, "ErrorRate", "Pipeline", var.name_prefix]]
    },
    {
      title   = "Processing time of a shard, seconds"
      stat    = "Average"
      metrics = [[local.metrics_namespace, "ProcessingTime", "Pipeline", var.name_prefix]]
    },
    {
      title   = "Share of the instances' cores in use, %"
      stat    = "Average"
      metrics = [[local.metrics_namespace, "InstanceUtilization", "Pipeline", var.name_prefix]]
    },
    # Every job is a dimension of its own, so these are searched for. A search cannot leave out a neighbour ("ocr-eu").
    {
      title   = "Disk in use, %, of jobs whose names begin with ${var.name_prefix}"
      stat    = "Maximum"
      metrics = [[{ expression = "SEARCH('{${local.job_log_group},Host} MetricName=\"DiskUtilization\" \"${var.name_prefix}\"', 'Maximum', 300)", label = "" }]]
    },
    {
      title   = "Memory in use, %, of jobs whose names begin with ${var.name_prefix}"
      stat    = "Maximum"
      metrics = [[{ expression = "SEARCH('{${local.job_log_group},Host} MetricName=\"MemoryUtilization\" \"${var.name_prefix}\"', 'Maximum', 300)", label = "" }]]
    },
  ]
}

resource "aws_cloudwatch_dashboard" "pipeline" {
  dashboard_name = var.name_prefix

  dashboard_body = jsonencode({
    widgets = [
      for index, widget in local.widgets : {
        type   = "metric"
        x      = 12 * (index % 2)
        y      = 6 * floor(index / 2)
        width  = 12
        height = 6
        properties = {
          title   = widget.title
          view    = "timeSeries"
          region  = var.aws.region
          stat    = widget.stat
          period  = 300
          metrics = widget.metrics
        }
      }
    ]
  })
}
