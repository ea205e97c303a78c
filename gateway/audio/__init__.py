"""Samples in, container out: rate, shaping and encoders. Knows no speech."""
