// The text as it is spoken: the word that is heard is marked, and a click on a word goes there.
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { html } from "../html.js";
import { keepInSight } from "./scrolling.js";

export function ReadAlong({ playback }) {
  const { words, order } = playback;
  const box = useRef();
  const pieces = useMemo(() => parted(order.input, words), [order, words.length]);
  useLayoutEffect(() => {
    let frame;
    let marked = null;
    const tick = () => {
      const word = box.current.querySelector(`[data-word="${heardAt(words, playback.time)}"]`);
      if (word !== marked) {
        marked?.classList.remove("now");
        word?.classList.add("now");
        keepInSight(box.current, word);
        marked = word;
      }
      frame = requestAnimationFrame(tick);
    };
    tick();
    return () => {
      cancelAnimationFrame(frame);
      marked?.classList.remove("now");
    };
  }, [words]);
  const go = (event) => {
    const word = words[event.target.dataset.word];
    if (word) playback.seek(word.start_time);
  };
  return html`<p class="spoken" dir="auto" ref=${box} onClick=${go} tabindex="0" role="region" aria-label="The text, read along">
    ${pieces.map(([text, word]) => (word === null ? text : html`<span data-word=${word}>${text}</span>`))}
  </p>`;
}

/** The text in pieces, each with the number of its word, or null between words. Words count characters, not halves. */
function parted(input, words) {
  const characters = [...input];
  const pieces = [];
  let end = 0;
  words.forEach(({ start_index: from, end_index: to }, word) => {
    if (from < end) return; // several words are heard for these characters
    if (from > end) pieces.push([characters.slice(end, from).join(""), null]);
    pieces.push([characters.slice(from, to).join(""), word]);
    end = to;
  });
  if (end < characters.length) pieces.push([characters.slice(end).join(""), null]);
  return pieces;
}

/** The number of the word that is heard at a time; -1 between words. */
export function heardAt(words, time) {
  let [first, after] = [0, words.length];
  while (first < after) {
    const middle = (first + after) >> 1;
    if (words[middle].start_time <= time) first = middle + 1;
    else after = middle;
  }
  const word = first - 1;
  if (word < 0 || time >= words[word].end_time) return -1;
  // Several words heard for the same characters are marked as one.
  return words.findIndex(({ start_index: from }) => from === words[word].start_index);
}
