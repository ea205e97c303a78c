"""From a text to what is spoken next: pure, but for the utterance that feeds the pool."""
