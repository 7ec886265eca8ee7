"""The operator: turns each TranscriptionJob into one batch/v1 Job, and is the only writer of its status.

Beside gateway and worker, above `steno_store` and `steno_kube`. `reconcile` decides, `apply` acts, `handlers` wake.
"""
