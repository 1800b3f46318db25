"""Distributed Map states as AWS runs them: the Map fails when more children fail than it tolerates.

moto runs the children, but lets a Map succeed with any number of failures, exceeds Python's recursion limit after some
hundred items, and shows every child the name of its parent's execution.
"""

import threading
import uuid
from datetime import datetime, timezone
from typing import Any

from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor.distributed_item_processor import (  # pylint: disable=line-too-long
    DistributedItemProcessor,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor.distributed_item_processor_worker import (  # pylint: disable=line-too-long
    DistributedItemProcessorWorker,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.job import Job, JobPool
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.program_state import ProgramEnded, ProgramStopped

from local_aws.stepfunctions.failures import state_failure
from local_aws.stepfunctions.map_children import ChildExecution, open_child

_ERROR = "States.ExceedToleratedFailureThreshold"


class Tolerance:
    """How many of `total` children may fail. A limit of 0 is not set; with neither set, no child may fail."""

    def __init__(self, total: int, count: int, percentage: float) -> None:
        self._total = total
        self._count = count
        self._percentage = percentage

    def exceeded(self, failed: int) -> bool:
        """Whether this number of failures exceeds a limit."""
        if not self._count and not self._percentage:
            return failed > 0
        return bool(self._count and failed > self._count) or bool(
            self._percentage and failed * 100 > self._percentage * self._total
        )


class _Children:
    """The children of one Map Run: which run, and how many failed."""

    def __init__(self, tolerance: Tolerance) -> None:
        self._tolerance = tolerance
        self._lock = threading.Lock()
        self._running: set[Environment] = set()
        self._failed = 0
        self.aborted = False

    def started(self, frame: Environment) -> bool:
        """Record a child's start; returns whether it may run."""
        with self._lock:
            if not self.aborted:
                self._running.add(frame)
            return not self.aborted

    def ended(self, frame: Environment) -> None:
        """Record a child's end; a failure above the limit aborts all children that still run."""
        with self._lock:
            self._running.discard(frame)
            self._failed += not isinstance(frame.program_state(), (ProgramEnded, ProgramStopped))
            if self.aborted or not self._tolerance.exceeded(self._failed):
                return
            self.aborted = True
            running = list(self._running)
        for child in running:
            child.set_stop(stop_date=datetime.now(timezone.utc), error=None, cause=None)


class _Worker(DistributedItemProcessorWorker):
    """Runs one child after another."""

    children: _Children
    _child: ChildExecution

    def eval(self) -> None:
        while self._env.is_running() and (job := self._job_pool.next_job()) is not None:
            frame = self._env.open_inner_frame()
            if not self.children.started(frame):
                return
            self._child = open_child(frame, self._map_run_record)
            self._eval_job(env=frame, job=job)
            self._child.end()
            self.children.ended(frame)
            self._env.delete_frame(frame)

    def _eval_job(self, env: Environment, job: Job) -> None:
        super()._eval_job(env=env, job=job)
        self._job_pool.close_job(job)

    def _eval_input(self, env_frame: Environment) -> None:
        """Select the item; from then on the child is an execution with its own name."""
        super()._eval_input(env_frame)
        context = env_frame.states.context_object.context_object_data
        name, parent = str(uuid.uuid4()), context["Execution"]
        label = self._map_run_record.map_state_machine_arn.rsplit("/", 1)[-1]
        arn = parent["Id"].rsplit(":", 1)[0] + f"/{label}:{name}"
        context["Execution"] = parent | {"Id": arn, "Name": name, "Input": env_frame.states.get_input()}
        self._child.begin()
        context["StateMachine"] = context["StateMachine"] | {"Id": self._map_run_record.map_state_machine_arn}


class CountingItemProcessor(DistributedItemProcessor):
    """A DISTRIBUTED ItemProcessor that enforces ToleratedFailureCount and ToleratedFailurePercentage."""

    def _map_run(self, env: Environment, eval_input: Any) -> None:
        items: list[Any] = env.stack.pop()
        run = eval_input.map_run_record
        children = _Children(Tolerance(len(items), run.tolerated_failure_count, run.tolerated_failure_percentage))
        pool = JobPool(job_program=self._get_iteration_program(), job_inputs=items)
        threads = [
            threading.Thread(target=self._worker(env, eval_input, pool, children).eval, daemon=True)
            for _ in range(min(run.max_concurrency or len(items), len(items)))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if children.aborted:
            raise state_failure(env, _ERROR, "The specified tolerated failure threshold was exceeded")
        env.stack.append([job.job_output for job in pool.get_closed_jobs()])

    def _worker(self, env: Environment, eval_input: Any, pool: JobPool, children: _Children) -> _Worker:
        worker = _Worker(
            work_name=eval_input.state_name,
            job_pool=pool,
            env=env,
            item_reader=eval_input.item_reader,
            parameters=eval_input.parameters,
            item_selector=eval_input.item_selector,
            map_run_record=eval_input.map_run_record,
        )
        worker.children = children
        return worker
