"""Speech: where it is, how it is cut for a model, and whether what the model made of it is sound.

Called by `engines.chunked`. All but `vad` is arithmetic on plain values. Must not know models, stores or jobs.
"""
