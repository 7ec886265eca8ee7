"""A real Kubernetes cluster, a bare control plane and S3 servers, from nothing but package registries.

`make` calls it as ``python3 -m local_cluster``; the tests and the demo import it. Standard library only: it runs
before anything is installed. Must not know what Steno is, beyond the prefix of its names.
"""
