"""What the gateway knows of all jobs without asking: a cache that watches feed. Called by routes and `tasks`."""
