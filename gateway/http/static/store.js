// What this browser remembers, and nobody else: favourites, history, the voice chosen last.
import { useEffect, useState } from "preact/hooks";

const PREFIX = "kokoro.";

function load(name, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name)) ?? otherwise;
  } catch {
    return otherwise; // storage is switched off, or holds what an older page wrote
  }
}

function save(name, value) {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // Storage is full or switched off: the page works without a memory.
  }
}

/** A state that is there again when the page is opened the next time. */
export function useStored(name, otherwise) {
  const [value, set] = useState(() => load(name, otherwise));
  useEffect(() => save(name, value), [value]);
  return [value, set];
}
