# The share of each voice's requests that failed or took too long:
# share errors requests voice
[inputs | fromjson? | select(.event? == "request" and .voice)]
| group_by(.voice)
| map({voice: .[0].voice, all: length, errors: map(select(.outcome | IN("failed", "timeout"))) | length})
| sort_by(-.errors / .all)[]
| [.errors / .all, .errors, .all, .voice] | @tsv
