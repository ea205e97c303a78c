// The figures that an operator looks at first.
import { html } from "../html.js";
import { count, many, milliseconds, percent, seconds } from "./words.js";

export function Figures({ status, moments, requests }) {
  const { queue, recent, totals, cache } = status;
  const state = status.is_draining ? "leaving" : status.is_ready ? "ready" : "not ready";
  const total = Object.values(totals.requests).reduce((sum, number) => sum + number, 0);
  const underruns = requests.reduce((sum, request) => sum + (request.underruns ?? 0), 0);
  return html`<section aria-labelledby="figures-title">
    <div class="row spread head">
      <h1 id="figures-title">This gateway <span class=${`pill ${state === "ready" ? "good" : "bad"}`}>${state}</span></h1>
      <span class="quiet">version ${status.version} · up ${seconds(status.uptime_s)} · ${status.model.name}, ${status.model.graph} graph</span>
    </div>
    <div class="figures">
      <${Figure} name="First audio, p50" value=${milliseconds(recent.ttfa_ms.p50)} values=${moments.map((moment) => moment.recent.ttfa_ms.p50)}
        note=${`p95 ${milliseconds(recent.ttfa_ms.p95)} · ${count(recent.requests)} in ${recent.seconds / 60} min`} />
      <${Figure} name="At work" value=${count(queue.requests)} values=${moments.map((moment) => moment.queue.requests)}
        note=${`${many(queue.running, "job")} running`} />
      <${Figure} name="Queue" value=${count(queue.jobs)} values=${moments.map((moment) => moment.queue.jobs)}
        note=${`a newcomer waits ${seconds(queue.wait_s)}`} />
      <${Figure} name="Underruns" value=${count(totals.underruns)} values=${moments.map((moment) => moment.totals.underruns)}
        note=${`${underruns || "none"} in the last requests`} />
      <${Figure} name="Spoken" value=${seconds(totals.audio_s)} values=${moments.map((moment) => moment.totals.audio_s)}
        note=${`in ${many(total, "reply", "replies")}, ${percent(cache.hit_rate)} cached`} />
    </div>
  </section>`;
}

function Figure({ name, value, note, values }) {
  return html`<div class="card figure">
    <span class="quiet">${name}</span><strong>${value}</strong><${Line} values=${values} /><span class="quiet">${note}</span>
  </div>`;
}

const WIDTH = 120;
const HEIGHT = 28;

/** The last two minutes of a figure. */
function Line({ values }) {
  const known = values.map((value) => value ?? 0);
  const [least, most] = [Math.min(...known), Math.max(...known, 1)];
  const at = (value, index) => `${index.toFixed(0)},${(HEIGHT - 2 - ((value - least) / (most - least || 1)) * (HEIGHT - 4)).toFixed(1)}`;
  const points = known.map((value, index) => at(value, WIDTH - known.length + index)).join(" ");
  return html`<svg class="line" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
    <polyline points=${points} /></svg>`;
}
