"""The APIs of others, answered from TranscriptionJobs: one package for each. Called by clients written for those."""
