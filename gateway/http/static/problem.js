// What went wrong, in the words of the API, and when to try again.
import { useEffect, useState } from "preact/hooks";
import { html } from "./html.js";

/** Statuses of refusals that the same request need not meet again: another key helps, or another moment. */
const PASSING = [401, 429];

const isLasting = ({ status }) => status >= 400 && status < 500 && !PASSING.includes(status);

/** `onAgain`, if there is one, does again what failed; it is offered where that may end better, after the wait. */
export function Problem({ error, onAgain }) {
  const [left, setLeft] = useState(error.retryAfter ?? 0);
  useEffect(() => {
    setLeft(error.retryAfter ?? 0);
    const timer = setInterval(() => setLeft((seconds) => Math.max(0, seconds - 1)), 1000);
    return () => clearInterval(timer);
  }, [error]);
  return html`<div class="card alert">
    <p role="alert">${error.message}</p>
    ${onAgain && !isLasting(error) && html`<button class="plain" disabled=${left > 0} onClick=${onAgain}>
      ${left > 0 ? `Try again in ${left} s` : "Try again"}</button>`}
  </div>`;
}
