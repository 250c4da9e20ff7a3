"""The work: the facts, the metrics asked of them, and the definitions that say so."""
