"""Several machines as one, on Ray Serve: a replica of the gateway on each, behind one door. Needs the extra `ray`.

`kokoro-gateway cluster` (`command.py`) starts a node of Ray on this machine (`node.py`), deploys the gateway
(`deployment.py`) and stays until it is told to end. On each machine one `replica.py` is our application with its pool
and workers. HAProxy, which Ray runs, is the door (`front.py`).
"""
