"""What operators see: log lines, metrics, status and traces."""
