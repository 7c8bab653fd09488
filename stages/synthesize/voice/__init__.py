"""The voice: a source-filter synthesiser driven by the same plan of speech as the mouth."""
