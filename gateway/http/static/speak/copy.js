// A button that copies a text.
import { useState } from "preact/hooks";
import { html } from "../html.js";

const SHOWN_MS = 1500;

export function Copy({ text, what }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), SHOWN_MS);
  };
  // Browsers give the clipboard to pages of this machine and of https only.
  if (!navigator.clipboard) return null;
  return html`<button class="plain small" aria-label=${`Copy ${what}`} onClick=${copy}>${isCopied ? "Copied" : "Copy"}</button>`;
}
