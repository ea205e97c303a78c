"""The worker's side of speech: phonemes in, PCM out, on one ONNX Runtime session."""
