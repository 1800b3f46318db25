"""Questions that only AWS can answer, asked of a deployment: `make verify-aws`. The same code asks the local stand-in.

question   a question, its price, its answer
site       the deployment that is asked: its jobs, state machines and a scratch prefix
probes     what a job does for a question; runs in the container, with the standard library only
jobs       questions about the end of a job
inputs     questions about what a job finds of its input
workflows  questions about state machines that start jobs
asking     asks them one after another, under a price cap
cleanup    removes what they made
program    the command line
"""
