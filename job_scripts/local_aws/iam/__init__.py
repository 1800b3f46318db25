"""IAM policies, and their enforcement at the local endpoint.

    policies         the evaluation of policy documents
    actions          the IAM actions that a request needs
    enforcement      refuses requests of roles whose policies do not allow them; off by default
    bucket_policies  the evaluation of bucket policies, in place of moto's

There is no `api` and no `validation`: moto's own calls for roles and policies suffice.
"""
