# Every worker that died, could not start or was replaced, oldest first:
# timestamp event role pid exit_code reason
inputs | fromjson?
| select(.event? | IN("worker_died", "worker_cannot_start", "worker_replaced", "worker_cannot_be_replaced"))
| [.timestamp, .event, .role, .pid, .exit_code, .reason] | @tsv
