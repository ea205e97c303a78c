// What is spoken with: one voice, or several blended by their weights.
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { Copy } from "./copy.js";
import { mixName, voiceName } from "./voice_names.js";

const HEAVIEST = 9;

export function Mix({ mix, onMix }) {
  const total = mix.reduce((sum, { weight }) => sum + weight, 0);
  const weigh = (id, weight) => onMix(mix.map((part) => (part.id === id ? { id, weight } : part)));
  return html`<div class="mix">
    ${mix.length > 1 &&
    mix.map(
      ({ id, weight }) => html`<label key=${id} class="part">
        <span>${voiceName(id)}</span>
        <input type="range" min="1" max=${HEAVIEST} value=${weight} aria-label=${`Weight of ${voiceName(id)}`}
          onInput=${(event) => weigh(id, Number(event.target.value))} />
        <span class="quiet">${Math.round((100 * weight) / total)} %</span>
        <button class="tool" aria-label=${`Remove ${voiceName(id)}`}
          onClick=${() => onMix(mix.filter((part) => part.id !== id))}><${Icon} name="cross" size="16" /></button>
      </label>`,
    )}
    <div class="row spelled"><code>${mixName(mix)}</code><${Copy} text=${mixName(mix)} what="the name of the voice" /></div>
    ${mix.length === 1 && html`<p class="quiet">Click a voice to hear it. The plus beside another mixes it in.</p>`}
  </div>`;
}
