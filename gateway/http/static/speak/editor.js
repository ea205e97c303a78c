// The text, and what it is spoken with.
import { html } from "../html.js";
import { Icon } from "../icons.js";

/** `most` is the longest text that the gateway takes, in characters; `texts` are the examples and the help. */
export function Editor({ texts, text, onText, onExample, speed, onSpeed, most, isSpeaking, onSpeak, onStop }) {
  const count = [...text].length;
  const isTooLong = count > most;
  const keys = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      onSpeak();
    }
  };
  return html`<section class="card editor" aria-labelledby="text-title">
    <h1 id="text-title">What shall I say?</h1>
    <textarea rows="7" aria-labelledby="text-title" aria-describedby="text-count" aria-invalid=${isTooLong ? "true" : null}
      value=${text} onInput=${(event) => onText(event.target.value)} onKeyDown=${keys}
      placeholder="Type or paste a text, in any of the languages of the voices."></textarea>
    <div class="row spread under">
      <div class="row chips" role="group" aria-label="Examples">
        ${texts.examples.map((example) => html`<button class="chip" onClick=${() => onExample(example)}>${example.name}</button>`)}
      </div>
      <small id="text-count" class=${isTooLong ? "bad" : "quiet"}>${count.toLocaleString("en")} / ${most.toLocaleString("en")}</small>
    </div>
    <div class="row spread controls">
      <label class="speed"><span>Speed</span>
        <input type="range" min="0.5" max="2" step="0.05" value=${speed} onInput=${(event) => onSpeed(Number(event.target.value))} />
        <output>${speed.toFixed(2)} ×</output>
      </label>
      ${isSpeaking
        ? html`<button class="speak stop" onClick=${onStop}><${Icon} name="stop" />Stop</button>`
        : html`<button class="speak" onClick=${onSpeak} disabled=${!text.trim()} title="Ctrl + Enter"><${Icon} name="play" />Speak</button>`}
    </div>
    <details>
      <summary>Pauses and pronunciation</summary>
      <table>
        <thead><tr><th>Write</th><th>and it</th></tr></thead>
        <tbody>${texts.markup.map(({ write, means }) => html`<tr><td><code>${write}</code></td><td>${means}</td></tr>`)}</tbody>
      </table>
    </details>
  </section>`;
}
