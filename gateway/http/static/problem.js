// What went wrong, in the words of the API, and when to try again.
import { useEffect, useState } from "preact/hooks";
import { html } from "./html.js";

const TOO_MANY_REQUESTS = 429;

/** `onAgain`, if there is one, does again what failed; it is offered where that may end better, after the wait. */
export function Problem({ error, onAgain }) {
  const [left, setLeft] = useState(0);
  useEffect(() => {
    setLeft(error.retryAfter ?? 0);
    const timer = setInterval(() => setLeft((seconds) => Math.max(0, seconds - 1)), 1000);
    return () => clearInterval(timer);
  }, [error]);
  const isLasting = error.status >= 400 && error.status < 500 && error.status !== TOO_MANY_REQUESTS;
  return html`<div class="card alert">
    <p role="alert">${error.message}</p>
    ${onAgain && !isLasting && html`<button class="plain" disabled=${left > 0} onClick=${onAgain}>
      ${left > 0 ? `Try again in ${left} s` : "Try again"}</button>`}
  </div>`;
}
