"""The experiments: one module per section of the article, each with ``ENTRIES``."""
