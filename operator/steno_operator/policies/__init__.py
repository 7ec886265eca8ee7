"""One policy a module; `steno_operator.reconcile` puts them in order.

Each gives ``decide(job, observed, installation, now) -> Plan | None``: None leaves the decision to the next.
"""
