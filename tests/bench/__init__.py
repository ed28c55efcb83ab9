"""The workloads of BENCH.md: each beside its floor, in one process run. `python -m tests.bench [--full] [--only W1,W3]`."""
