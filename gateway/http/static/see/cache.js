// What is kept, and what that was good for.
import { html } from "../html.js";
import { count, many, megabytes, percent, seconds } from "./words.js";

export function Cache({ cache }) {
  const rows = {
    "Hits": `${many(cache.hits.response, "whole reply", "whole replies")}, ${many(cache.hits.segment, "segment")}`,
    "Misses": `${count(cache.misses.response)} and ${count(cache.misses.segment)}`,
    "Hit rate of replies": percent(cache.hit_rate),
    "Shared with a request at work": count(cache.shared),
    "Kept for": seconds(cache.ttl_s),
    "Evicted": Object.entries(cache.evictions).map(([cause, times]) => `${cause} ${count(times)}`).join(", "),
  };
  const remote = cache.remote;
  if (remote)
    rows["Shared by gateways"] = remote.is_answering
      ? `${count(remote.hits)} hits, ${count(remote.misses)} misses, ${count(remote.written)} written`
      : "its server does not answer";
  return html`<section class="card" aria-labelledby="cache-title">
    <h2 id="cache-title">Cache</h2>
    <${Level} name="Memory" is=${cache.bytes} most=${cache.max_bytes} said=${megabytes} />
    <${Level} name="Entries" is=${cache.entries} most=${cache.max_entries} said=${count} />
    <dl>${Object.entries(rows).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
  </section>`;
}

const Level = ({ name, is, most, said }) => html`<div class="level">
  <div class="row spread"><span>${name}</span><span class="quiet">${said(is)} of ${said(most)}</span></div>
  <svg class="phases" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
    <rect class="inference" width=${(100 * is) / (most || 1)} height="10" /></svg>
</div>`;
