// What this browser remembers, and nobody else: favourites, history, the voice chosen last.
import { useEffect, useState } from "preact/hooks";

const PREFIX = "kokoro.";

function load(name, otherwise, entry) {
  try {
    const value = JSON.parse(localStorage.getItem(PREFIX + name));
    if (!isLike(value, otherwise)) return otherwise;
    return Array.isArray(value) ? value.filter((each) => isLike(each, entry)) : value;
  } catch {
    return otherwise; // storage is switched off, or holds no JSON
  }
}

/** Pages of other versions may have written something else. */
function isLike(value, other) {
  if (typeof value !== typeof other || Array.isArray(value) !== Array.isArray(other)) return false;
  return typeof other !== "object" || (value !== null && Object.keys(other).every((key) => isLike(value[key], other[key])));
}

function save(name, value) {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // Storage is full or switched off: the page works without a memory.
  }
}

/** A state that is there again when the page is opened the next time; of a list, what is like this entry of it. */
export function useStored(name, otherwise, entry) {
  const [value, set] = useState(() => load(name, otherwise, entry));
  useEffect(() => save(name, value), [value]);
  return [value, set];
}
