# How many requests the cache answered, wholly and in part:
# share_of_hits share_of_partial requests
[inputs | fromjson? | select(.event? == "request" and .cache) | .cache]
| select(length > 0) | length as $all
| [(map(select(. == "hit")) | length) / $all, (map(select(. == "partial")) | length) / $all, $all] | @tsv
