// What this browser remembers, and nobody else: favourites, history, the voice chosen last.
import { useEffect, useState } from "preact/hooks";

const PREFIX = "kokoro.";

function load(name, otherwise) {
  try {
    const value = JSON.parse(localStorage.getItem(PREFIX + name));
    return isLike(value, otherwise) ? value : otherwise;
  } catch {
    return otherwise; // storage is switched off, or holds no JSON
  }
}

/** Pages of other versions may have written something else. */
const isLike = (value, other) => typeof value === typeof other && Array.isArray(value) === Array.isArray(other);

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
