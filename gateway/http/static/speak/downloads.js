// The speech as a file, in any format: encoded anew by the gateway, which still holds the sound.
import { useState } from "preact/hooks";
import { ask } from "../api.js";
import { html } from "../html.js";

const FORMATS = ["mp3", "opus", "aac", "flac", "wav", "pcm"];

export function Downloads({ order, format, onFormat, onError }) {
  const [isBusy, setBusy] = useState(false);
  const download = async () => {
    setBusy(true);
    try {
      const answer = await ask("v1/audio/speech", { body: { ...order, response_format: format } });
      save(await answer.blob(), `speech.${format}`);
    } catch (error) {
      onError(error.message);
    } finally {
      setBusy(false);
    }
  };
  return html`<div class="row downloads">
    <select aria-label="Format" value=${format} onChange=${(event) => onFormat(event.target.value)}>
      ${FORMATS.map((name) => html`<option>${name}</option>`)}
    </select>
    <button class="plain" disabled=${isBusy} onClick=${download}>Download</button>
  </div>`;
}

/** Lets the user keep a file. */
export function save(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
