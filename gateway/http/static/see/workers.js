// Every place for a worker process, and what is going on there.
import { html } from "../html.js";
import { count, megabytes } from "./words.js";

const COLOURS = { idle: "good", busy: "busy", resting: "calm" };

export const Workers = ({ workers }) => html`<section class="card" aria-labelledby="workers-title">
  <h2 id="workers-title">Workers</h2>
  <div class="scroll" tabindex="0" role="group" aria-label="Workers">
    <table>
      <thead><tr><th>Role</th><th>State</th><th>Provider</th><th>CPUs</th><th class="number">Threads</th><th class="number">Jobs</th><th class="number">Memory</th><th>Restarts</th><th class="number">Process</th></tr></thead>
      <tbody>
        ${workers.map(
          (worker) => html`<tr>
            <td>${worker.role}</td>
            <td><span class=${`pill ${COLOURS[worker.state] ?? "bad"}`}>${worker.state}</span></td>
            <td>${worker.provider ?? "–"}</td>
            <td>${worker.cpus.join(", ") || "any"}</td>
            <td class="number">${worker.threads}</td>
            <td class="number">${count(worker.jobs)}</td>
            <td class="number">${megabytes(worker.memory_bytes)}</td>
            <td>${Object.entries(worker.restarts).map(([cause, times]) => `${cause} ${times}`).join(", ") || "none"}</td>
            <td class="number">${worker.pid ?? "–"}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>
</section>`;
