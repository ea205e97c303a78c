# How many requests of each key were refused and why (key "-": none was sent, or none was needed):
# refusals key outcome
[inputs | fromjson? | select(.event? == "request")
  | select(.outcome | IN("refused_queue", "refused_auth", "draining"))]
| group_by([.key, .outcome]) | sort_by(-length)[]
| [length, (.[0].key // "-"), .[0].outcome] | @tsv
