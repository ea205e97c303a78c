# The ten requests whose first audio took longest, and where the time went:
# ttfa_ms queue_ms phonemes_ms inference_ms voice characters request_id
[inputs | fromjson? | select(.event? == "request" and .ttfa_ms)]
| sort_by(-.ttfa_ms) | .[:10][]
| [.ttfa_ms, .queue_ms, .phonemes_ms, .inference_ms, .voice, .characters, .request_id] | @tsv
