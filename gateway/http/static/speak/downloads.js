// The speech as a file, in any format, and its captions: the gateway still holds the sound, and only encodes it anew.
import { useState } from "preact/hooks";
import { ask } from "../api.js";
import { html } from "../html.js";

const AUDIO = ["mp3", "opus", "aac", "flac", "wav", "pcm"];
const CAPTIONS = ["srt", "vtt"];

export function Downloads({ playback, format, onFormat, onError }) {
  const [isBusy, setBusy] = useState(false);
  const { model, voice, input, speed } = playback.order;
  const download = async (path, kind) => {
    setBusy(true);
    try {
      const answer = await ask(path, { body: { model, voice, input, speed, response_format: kind } });
      save(await answer.blob(), `speech.${kind}`);
    } catch (error) {
      onError(error.message);
    } finally {
      setBusy(false);
    }
  };
  return html`<div class="row downloads">
    ${playback.words.length > 0 &&
    CAPTIONS.map(
      (kind) => html`<button class="plain" disabled=${isBusy} aria-label=${`Download captions as ${kind}`}
        onClick=${() => download("v1/audio/captions", kind)}>.${kind}</button>`,
    )}
    <select aria-label="Format" value=${format} onChange=${(event) => onFormat(event.target.value)}>
      ${AUDIO.map((name) => html`<option>${name}</option>`)}
    </select>
    <button class="plain" disabled=${isBusy} onClick=${() => download("v1/audio/speech", format)}>Download</button>
  </div>`;
}

/** Lets the user keep a file. */
function save(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
