# Every worker that died, could not start or was replaced, oldest first:
# timestamp event role pid exit_code reason
inputs | fromjson?
| select(.event? | IN("worker died", "worker cannot start", "worker replaced", "worker cannot be replaced"))
| [.timestamp, .event, .role, .pid, .exit_code, .reason] | @tsv
