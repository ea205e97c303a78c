// The gallery of voices: by language, with a sample of each, search and favourites.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { useStored } from "../store.js";
import { Mix } from "./mix.js";
import { keepInSight } from "./scrolling.js";
import { languageName, voiceName } from "./voice_names.js";

const FAVOURITES = "favourites";

/** `heard` is the id of the voice whose sample is heard; `onHear` is called with a voice, `onMix` with a new mix. */
export function Voices({ voices, mix, heard, onMix, onHear }) {
  const [wanted, setWanted] = useState("");
  const [shown, setShown] = useState("");
  const [favourites, setFavourites] = useStored("favourites", [], "");
  const groups = useMemo(
    () => grouped(voices, wanted, shown, favourites),
    [voices, wanted, shown, favourites],
  );
  const languages = useMemo(() => [...new Set(voices.map((voice) => voice.language))], [voices]);
  const gallery = useRef();
  // An example or the history may choose a voice that is out of sight; the page itself stays where it is.
  useEffect(() => keepInSight(gallery.current, gallery.current.querySelector(".voice.on")), [mix[0].id]);
  const toggle = (list, id) => (list.includes(id) ? list.filter((each) => each !== id) : [...list, id]);

  return html`<section class="card voices" aria-labelledby="voices-title">
    <h2 id="voices-title">Voice</h2>
    <${Mix} mix=${mix} onMix=${onMix} />
    <div class="row filters">
      <input type="search" placeholder="Search" aria-label="Search voices" value=${wanted}
        onInput=${(event) => setWanted(event.target.value)} />
      <select aria-label="Language" value=${shown} onChange=${(event) => setShown(event.target.value)}>
        <option value="">All languages</option>
        <option value=${FAVOURITES}>Favourites (${favourites.length})</option>
        ${languages.map((code) => html`<option value=${code}>${languageName(code)}</option>`)}
      </select>
    </div>
    <div class="gallery" ref=${gallery} tabindex="0" role="group" aria-label="Gallery of voices">
      ${groups.map(
        ([code, members]) => html`<h3>${languageName(code)}<small>${members.length}</small></h3>
          <ul>
            ${members.map(
              (voice) => html`<${Voice} key=${voice.id} voice=${voice} heard=${heard === voice.id} mix=${mix}
                isFavourite=${favourites.includes(voice.id)} onMix=${onMix} onHear=${onHear}
                onFavourite=${() => setFavourites(toggle(favourites, voice.id))} />`,
            )}
          </ul>`,
      )}
      ${!groups.length &&
      html`<p class="quiet">${shown === FAVOURITES ? "No favourites yet: the star beside a voice makes it one." : "No voice is called that."}</p>`}
    </div>
  </section>`;
}

function Voice({ voice, heard, mix, isFavourite, onMix, onHear, onFavourite }) {
  const name = voiceName(voice.id);
  const isIn = mix.some(({ id }) => id === voice.id);
  const choose = () => {
    onMix([{ id: voice.id, weight: 1 }]);
    onHear(voice);
  };
  const add = () => onMix(isIn ? mix.filter(({ id }) => id !== voice.id) : [...mix, { id: voice.id, weight: 1 }]);
  return html`<li class=${`voice ${isIn ? "on" : ""}`}>
    <button class="choose" aria-pressed=${isIn} onClick=${choose} title=${heard ? "Stop" : `Choose and hear ${voice.id}`}>
      <span class=${`face ${voice.gender} ${heard ? "heard" : ""}`}><${Icon} name=${heard ? "sound" : "play"} size="16" /></span>
      <span><strong>${name}</strong><small>${voice.gender}</small></span>
    </button>
    <button class="tool" aria-pressed=${isFavourite} aria-label=${`${name} is a favourite`} title="Favourite"
      onClick=${onFavourite}><${Icon} name="star" size="18" /></button>
    <button class="tool" aria-label=${isIn ? `Take ${name} out of the mix` : `Add ${name} to the mix`}
      title=${isIn ? "Take out of the mix" : "Add to the mix"} disabled=${isIn && mix.length === 1} onClick=${add}>
      <${Icon} name=${isIn ? "minus" : "plus"} size="18" /></button>
  </li>`;
}

/** Voices by language, those that are wanted only. */
function grouped(voices, wanted, shown, favourites) {
  const word = wanted.trim().toLowerCase();
  const groups = new Map();
  for (const voice of voices) {
    const words = `${voice.id} ${voice.gender} ${voice.language} ${languageName(voice.language)}`.toLowerCase();
    const isShown = shown === FAVOURITES ? favourites.includes(voice.id) : !shown || voice.language === shown;
    if (!isShown || !words.includes(word)) continue;
    groups.set(voice.language, [...(groups.get(voice.language) ?? []), voice]);
  }
  return [...groups];
}
