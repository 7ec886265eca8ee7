"""Workers' progress: whose report it is, whether the work is to go on, and what of it reaches the status.

`intake` is the way in, called by `serving`; `rules` are pure decisions. Must not know HTTP, kopf or lightkube.
"""
