# How many requests of each key were refused and why (key "-": none that is known); probes are left out:
# refusals key outcome
[inputs | fromjson? | select(.event? == "request" and (.path | IN("/ready", "/readyz") | not))
  | select(.outcome == "draining" or (.outcome | startswith("refused_")))]
| group_by([.key, .outcome]) | sort_by(-length)[]
| [length, (.[0].key // "-"), .[0].outcome] | @tsv
