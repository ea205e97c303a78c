// The speech as a file, and its captions: the gateway still holds the sound, and only encodes it anew.
import { useState } from "preact/hooks";
import { ask } from "../api.js";
import { html } from "../html.js";

/** `format` is that of the audio. */
export function Downloads({ playback, format, onError }) {
  const [isBusy, setBusy] = useState(false);
  const audio = ["v1/audio/speech", format];
  const srt = ["v1/audio/captions", "srt"];
  const vtt = ["v1/audio/captions", "vtt"];
  const download = async (...files) => {
    setBusy(true);
    onError(null);
    try {
      const bodies = files.map(([path, kind]) => [path, { body: { ...playback.order, response_format: kind } }]);
      const answers = await Promise.all(bodies.map((body) => ask(...body)));
      const blobs = await Promise.all(answers.map((answer) => answer.blob()));
      blobs.forEach((blob, index) => save(blob, `speech.${files[index][1]}`));
    } catch (error) {
      onError(error);
    } finally {
      setBusy(false);
    }
  };
  const offer = (name, label, ...files) => html`<button class="plain small" disabled=${isBusy} aria-label=${label}
    onClick=${() => download(...files)}>${name}</button>`;
  return html`<div class="row downloads" role="group" aria-label="Download">
    <span class="quiet" aria-hidden="true">Download</span>
    ${offer(format, `Download ${format}`, audio)}
    ${playback.words.length > 0 &&
    html`${offer("srt", "Download captions as srt", srt)}${offer("vtt", "Download captions as vtt", vtt)}
      ${offer(`${format} + srt`, `Download ${format} + srt`, audio, srt)}`}
  </div>`;
}

/** Lets the user keep a file. */
function save(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
