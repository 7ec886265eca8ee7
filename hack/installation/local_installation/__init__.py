"""Steno on the local cluster: its images, its store, its release, and the demo.

Run by the Makefile as ``python -m local_installation``; the cluster tests call the same functions. Stands on
`local_cluster`, which knows nothing of Steno.
"""
