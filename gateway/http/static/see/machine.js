// What `kokoro-gateway doctor` would say of the machine, as far as a running gateway knows it.
import { html } from "../html.js";
import { many } from "./words.js";

export function Machine({ status }) {
  return html`<section class="card" aria-labelledby="machine-title">
    <h2 id="machine-title">This machine</h2>
    <ul class="checks">
      ${checks(status).map(
        ([name, isWell, found]) => html`<li>
          <span class=${`mark ${isWell ? "good" : "bad"}`} role="img" aria-label=${isWell ? "well" : "not well"}>${isWell ? "✓" : "✗"}</span>
          <span><strong>${name}</strong><small>${found}</small></span>
        </li>`,
      )}
    </ul>
    <p class="quiet"><code>kokoro-gateway doctor</code> looks at more: files, encoders, port and keys.</p>
  </section>`;
}

/** Each as name, whether it is well, and what was found. */
function checks({ is_ready: isReady, hardware, model, workers }) {
  const { machine } = hardware;
  const speech = workers.find(({ role }) => role === "speech");
  const trials = (speech?.trials ?? []).map(({ provider, outcome }) => `${provider}: ${outcome}`);
  const lost = workers.flatMap(({ role, restarts }) => Object.entries(restarts).map(([cause, times]) => `${role} ${cause} ${times}`));
  const gib = (bytes) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  return [
    ["Ready", isReady, isReady ? "requests are taken, and each role has a worker" : "no worker can take a request"],
    ["Processor", true, `${machine.chip}: ${machine.physical_cores} physical, ${machine.logical_cores} logical cores${machine.cpu_quota ? `, quota of ${machine.cpu_quota}` : ""}`],
    ["Memory", true, gib(machine.memory_bytes) + (machine.memory_limit_bytes ? `, limited to ${gib(machine.memory_limit_bytes)}` : "")],
    ["Profile", true, `${many(hardware.workers, "speech worker")} of ${many(hardware.threads, "thread")} (bound by ${hardware.bound_by})`],
    ["Graph", true, `${model.graph}: ${model.reason}`],
    ["Provider", Boolean(speech?.provider), trials.join("; ") || (speech?.provider ?? "no speech worker yet")],
    ["Workers lost", !lost.length, lost.join(", ") || "none"],
  ];
}
