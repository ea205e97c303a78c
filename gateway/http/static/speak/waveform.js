// The outline of the speech, with what has been heard in the accent colour: a slider over a canvas.
import { useLayoutEffect, useRef } from "preact/hooks";
import { html } from "../html.js";
import { PEAKS_PER_SECOND } from "./peaks.js";

const BAR = 3;
const GAP = 2;
/** Until all has come its length is guessed, so that the outline grows from left to right and stays where it is. */
const CHARACTERS_PER_SECOND = 15;

/** How long the speech is, or will be. */
export function duration({ peaks, order, state }) {
  if (state === "whole") return peaks.seconds;
  return Math.max(peaks.seconds, (order?.input.length ?? 0) / CHARACTERS_PER_SECOND / (order?.speed ?? 1));
}

export function Waveform({ playback }) {
  const canvas = useRef();
  const slider = useRef();
  useLayoutEffect(() => {
    let frame;
    let shown;
    const tick = () => {
      frame = requestAnimationFrame(tick);
      const { time, state, peaks } = playback;
      const now = [time, state, peaks.values.length, canvas.current.clientWidth, devicePixelRatio].join();
      if (now === shown) return;
      shown = now;
      draw(canvas.current, playback);
      slider.current.max = duration(playback);
      slider.current.value = time;
      slider.current.setAttribute("aria-valuetext", `${time.toFixed(0)} of ${duration(playback).toFixed(0)} seconds`);
    };
    tick();
    return () => cancelAnimationFrame(frame);
  }, []);
  return html`<div class="waveform">
    <canvas ref=${canvas} aria-hidden="true"></canvas>
    <input ref=${slider} type="range" min="0" step="any" aria-label="Position in the speech"
      disabled=${!playback.canSeek} onInput=${(event) => playback.seek(Number(event.target.value))}
      onKeyDown=${(event) => step(event, playback)} />
  </div>`;
}

function step(event, playback) {
  const seconds = { ArrowLeft: -2, ArrowRight: 2 }[event.key];
  if (!seconds) return;
  event.preventDefault();
  playback.seek(Math.max(0, Math.min(duration(playback), playback.time + seconds)));
}

function draw(canvas, playback) {
  const { context, width, height } = fitted(canvas);
  const style = getComputedStyle(canvas);
  const [heard, ahead] = ["--pico-primary", "--bar"].map((name) => style.getPropertyValue(name));
  const bars = Math.floor(width / (BAR + GAP));
  const step = duration(playback) / bars;
  for (let bar = 0; bar < bars; bar += 1) {
    const peak = highest(playback.peaks.values, bar * step, (bar + 1) * step);
    const size = Math.max(BAR, Math.sqrt(peak) * height * 0.95);
    context.fillStyle = bar * step < playback.time ? heard : ahead;
    context.beginPath();
    context.roundRect(bar * (BAR + GAP), (height - size) / 2, BAR, size, BAR / 2);
    context.fill();
  }
}

/** The canvas as large as it is shown, empty, with its measures in the page's pixels. */
function fitted(canvas) {
  const scale = devicePixelRatio;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  return { context, width, height };
}

function highest(peaks, from, to) {
  const end = Math.max(Math.ceil(to * PEAKS_PER_SECOND), Math.floor(from * PEAKS_PER_SECOND) + 1);
  return peaks.slice(Math.floor(from * PEAKS_PER_SECOND), end).reduce((most, peak) => Math.max(most, peak), 0);
}
