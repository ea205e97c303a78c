// The last requests, and where their milliseconds went. No text of anyone's is in here: the gateway sends none.
import { html } from "../html.js";
import { many, milliseconds } from "./words.js";

const PHASES = { queue: "queue_ms", phonemes: "phonemes_ms", inference: "inference_ms", encode: "encode_ms", send: "send_ms" };

export function Requests({ requests }) {
  const longest = Math.max(...requests.map(worked), 1);
  return html`<section class="card" aria-labelledby="requests-title">
    <div class="row spread">
      <h2 id="requests-title">Last requests</h2>
      <span class="row legend">${Object.keys(PHASES).map((name) => html`<small class=${name}>${name}</small>`)}</span>
    </div>
    ${!requests.length && html`<p class="quiet">Nothing has been spoken yet.</p>`}
    ${requests.length > 0 &&
    html`<div class="scroll tall" tabindex="0" role="group" aria-label="Last requests">
      <table>
        <thead><tr><th>Ended</th><th>Outcome</th><th class="number">First audio</th><th class="number">Total</th><th>Where the time went</th><th class="number">Audio</th><th class="number">Characters</th><th>Voice</th><th>Format</th><th>Cache</th></tr></thead>
        <tbody>${requests.map((request) => html`<${Request} key=${request.number} request=${request} longest=${longest} />`)}</tbody>
      </table>
    </div>`}
  </section>`;
}

function Request({ request, longest }) {
  const spent = Object.entries(PHASES).filter(([, field]) => request[field] > 0);
  const said = spent.map(([name, field]) => `${name} ${milliseconds(request[field])}`).join(", ");
  return html`<tr>
    <td>${new Date(request.ended_at * 1000).toLocaleTimeString("en-GB")}</td>
    <td><span class=${`pill ${request.outcome === "ok" ? "good" : request.outcome === "failed" ? "bad" : "calm"}`}>${request.outcome}</span></td>
    <td class="number">${milliseconds(request.ttfa_ms)}</td>
    <td class="number">${milliseconds(request.total_ms)}</td>
    <td><svg class="phases" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label=${said || "nothing measured"}>
      <title>${said || "nothing measured"}</title>${bars(request, spent, longest)}</svg></td>
    <td class="number">${request.audio_s == null ? "–" : `${request.audio_s.toFixed(1)} s`}${request.underruns ? html` <span class="pill busy">${many(request.underruns, "underrun")}</span>` : ""}</td>
    <td class="number">${request.characters ?? "–"}</td>
    <td class="long" title=${request.voice}>${request.voice ?? "–"}</td>
    <td>${request.format ?? "–"}</td>
    <td>${request.cache ?? "–"}${request.cache_tier === "remote" ? ", remote" : ""}</td>
  </tr>`;
}

const worked = (request) => Object.values(PHASES).reduce((sum, field) => sum + (request[field] ?? 0), 0);

function bars(request, spent, longest) {
  let from = 0;
  return spent.map(([name, field]) => {
    const width = (100 * request[field]) / longest;
    from += width;
    return html`<rect class=${name} x=${(from - width).toFixed(2)} y="0" width=${Math.max(width, 0.3).toFixed(2)} height="10" />`;
  });
}
