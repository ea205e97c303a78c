// What is being heard: its outline, its time, and what to do with it.
import { useLayoutEffect, useRef } from "preact/hooks";
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { Downloads } from "./downloads.js";
import { ReadAlong } from "./read_along.js";
import { Waveform, duration } from "./waveform.js";

export function Player({ playback, format, onError }) {
  const { state, isPlaying } = playback;
  const card = useRef();
  // On a phone it is below what is to be spoken.
  useLayoutEffect(() => {
    if (state === "asked") card.current.scrollIntoView({ block: "nearest" });
  }, [state]);
  const pause = () => (isPlaying ? playback.pause() : playback.resume());
  return html`<section class="card player" ref=${card} aria-label="Player">
    <div class="row">
      <button class="round" onClick=${pause} disabled=${state === "asked"} aria-label=${isPlaying ? "Pause" : "Play"}>
        <${Icon} name=${isPlaying ? "pause" : "play"} size="24" /></button>
      <${Waveform} playback=${playback} />
    </div>
    <div class="row spread">
      <${Clock} playback=${playback} />
      <span class="quiet grow" role="status">${note(playback)}</span>
      ${state === "whole" && html`<${Downloads} playback=${playback} format=${format} onError=${onError} />`}
    </div>
    ${playback.words.length > 0 && html`<${ReadAlong} playback=${playback} />`}
  </section>`;
}

function note({ state, peaks, firstMs }) {
  if (state === "asked") return "Waiting for the first sound …";
  if (state === "live") return "Speaking while it is being made";
  return peaks.isAudible ? `First sound after ${Math.round(firstMs)} ms` : "There is nothing in this text that can be said.";
}

function Clock({ playback }) {
  const shown = useRef();
  useLayoutEffect(() => {
    const tick = () => {
      const whole = playback.state === "whole" ? clock(duration(playback)) : "–:––";
      shown.current.textContent = `${clock(Math.min(playback.time, duration(playback)))} / ${whole}`;
    };
    tick();
    const timer = setInterval(tick, 100);
    return () => clearInterval(timer);
  }, []);
  return html`<span class="clock" ref=${shown}></span>`;
}

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
