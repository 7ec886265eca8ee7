"""Tasks, as the gateway calls jobs: making, reading, ending and releasing them. Called by the routes and dialects."""
