"""The worker: one recording in, one transcript out, one outcome claimed.

Started by the operator as the one container of a job's pod (`steno_worker.__main__`). Knows the object store and the
engines; must not know Kubernetes, which tells it everything through its environment and hears back through its exit
code, its termination message and its log.
"""
