"""How fast the engine is beside its peers: one workload, many contestants, equal answers. See README.md."""
