"""The worker's side of text: what is written in, phonemes out."""
