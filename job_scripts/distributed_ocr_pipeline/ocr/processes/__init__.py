"""Child processes under limits, and work in parallel.

programs       the one runner of external programs: time, memory, output
sandbox        processes of our own that call functions on data from strangers
reaper         children of a parent that was killed
cancellation   stop on request, by deadline, by time limits
parallel       work in a pool with results in order; how much of it a machine can take
"""
