# Settings of a deployment whose runs start by themselves: copy what you need into terraform.tfvars, then `make deploy`.

# Every night at three (UTC). What has an up-to-date result is not read again.
schedule = { expression = "cron(0 3 * * ? *)", input_prefix = "documents/" }

# And when documents/_READY is put, after the last document:  aws s3 cp /dev/null s3://BUCKET/documents/_READY
s3_trigger = { input_prefix = "documents/", suffix = "_READY" }

# Who hears of a run that was not green.
alarm_email = "ops@example.org"
