"""The evaluation of policies."""

import pytest

from local_aws.iam.policies import Call, Decision, Policy, decide

READ: Policy = {"Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": ["arn:aws:s3:::in/*"]}]}
LIST: Policy = {
    "Statement": {
        "Effect": "Allow",
        "Action": ["s3:ListBucket"],
        "Resource": "arn:aws:s3:::out",
        "Condition": {"StringLike": {"s3:prefix": ["runs/*", "pages/*"]}},
    }
}
TLS_ONLY: Policy = {
    "Statement": [
        {
            "Effect": "Deny",
            "Action": "s3:*",
            "Resource": "*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]
}


@pytest.mark.parametrize(
    ("call", "decision"),
    [
        (Call("s3:GetObject", "arn:aws:s3:::in/a/b.pdf"), Decision.ALLOWED),
        (Call("s3:PutObject", "arn:aws:s3:::in/a/b.pdf"), Decision.NOT_MENTIONED),
        (Call("s3:GetObject", "arn:aws:s3:::out/a/b.pdf"), Decision.NOT_MENTIONED),
        (Call("s3:ListBucket", "arn:aws:s3:::out", {"s3:prefix": "runs/1/"}), Decision.ALLOWED),
        (Call("s3:ListBucket", "arn:aws:s3:::out", {"s3:prefix": "images/1/"}), Decision.NOT_MENTIONED),
        (Call("s3:ListBucket", "arn:aws:s3:::out"), Decision.NOT_MENTIONED),
    ],
)
def test_only_what_a_statement_names_is_allowed(call: Call, decision: Decision) -> None:
    assert decide([READ, LIST], call) is decision


def test_a_denial_outweighs_a_permission_where_its_condition_holds() -> None:
    def decision(secure: str) -> Decision:
        return decide([READ, TLS_ONLY], Call("s3:GetObject", "arn:aws:s3:::in/a", {"aws:SecureTransport": secure}))

    assert (decision("true"), decision("false")) == (Decision.ALLOWED, Decision.DENIED)


def test_an_unknown_operator_is_not_guessed() -> None:
    condition = {"IpAddress": {"aws:SourceIp": "127.0.0.1"}}
    policy: Policy = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}]}
    with pytest.raises(KeyError, match="IpAddress"):
        decide([policy], Call("s3:GetObject", "arn:aws:s3:::in/a", {"aws:SourceIp": "127.0.0.1"}))
