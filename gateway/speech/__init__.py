"""A request becomes bytes: reuse what was spoken, plan, speak, shape, encode. Knows no HTTP and no server."""
