"""The local environment: AWS, as far as the pipeline needs it, on 127.0.0.1."""
