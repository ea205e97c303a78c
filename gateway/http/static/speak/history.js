// What was spoken before, kept by this browser alone.
import { html } from "../html.js";
import { Icon } from "../icons.js";

const MOST = 30;

/** The history with an order in front, each once; pronunciations are for all texts, and not in it. */
export const remembered = (history, { input, voice, speed }) => {
  const order = { input, voice, speed };
  return [order, ...history.filter((each) => !isSame(each, order))].slice(0, MOST);
};

const isSame = (a, b) => a.input === b.input && a.voice === b.voice && a.speed === b.speed;

export function History({ history, onSpeak, onChange }) {
  if (!history.length) return null;
  return html`<section class="card past" aria-labelledby="history-title">
    <div class="row spread">
      <h2 id="history-title">History</h2>
      <button class="plain small" onClick=${() => onChange([])}>Clear</button>
    </div>
    <ul class="history">
      ${history.map(
        (order) => html`<li>
          <button class="again" onClick=${() => onSpeak(order)} title="Speak again">
            <${Icon} name="play" size="16" /><span dir="auto">${order.input}</span>
          </button>
          <small>${order.voice}${order.speed === 1 ? "" : ` · ${order.speed} ×`}</small>
          <button class="tool" aria-label="Forget it" onClick=${() => onChange(history.filter((each) => each !== order))}>
            <${Icon} name="cross" size="16" /></button>
        </li>`,
      )}
    </ul>
    <p class="quiet">Kept in this browser, and nowhere else.</p>
  </section>`;
}
