"""The OpenAI door: routes, shapes, errors and what stands around every request."""
