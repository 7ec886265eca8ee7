"""Recordings on their way into the store, however they come. Called by `tasks` and by the routes."""
