"""Who asks, and what they may: keys, limits, the audit log. Called by every route before anything else."""
