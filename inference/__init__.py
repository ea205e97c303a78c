"""A pool of pinned speech engines. Importing this package loads neither numpy nor onnxruntime."""
