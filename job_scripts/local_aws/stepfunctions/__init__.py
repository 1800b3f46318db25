"""State machines: moto's Step Functions engine, with what it lacks and what it does differently from AWS.

api              the calls that moto lacks or answers differently
validation       the errors of a definition, for ValidateStateMachineDefinition
parsing          a definition is parsed once, not twice
engine           puts the parts below into moto's engine, and repairs retriers, choices and Fail states
processing_task  the Task state that runs a processing job
sdk_task         the Task state that calls an AWS API
distributed_map  the distributed Map state, with the failures that it tolerates
map_children     a Map's children as executions that calls list and describe
redrive          executions that are started again from where they failed
failures         failures in the form that the engine uses
"""
