"""A solution and a subspace in, a record out."""
