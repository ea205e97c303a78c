"""What to run and where it came from: the manifest, the fetcher and the derived graphs."""
