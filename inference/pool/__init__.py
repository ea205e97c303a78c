"""Worker processes and the queue before them: the parent's side of the socket."""
