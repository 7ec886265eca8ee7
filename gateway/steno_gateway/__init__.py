"""The gateway: Steno's REST API, one TranscriptionJob per recording.

Entry point: `steno_gateway.__main__`. Above `steno_kube` and `steno_store`; imports no other part of Steno. Keeps no
state: the custom resource is the record, the object store holds the bytes, and every replica answers alike.
"""
