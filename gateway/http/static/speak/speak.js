// The page that speaks: a text, a voice, a player, the code and the history.
import { useEffect, useReducer, useRef, useState } from "preact/hooks";
import { read } from "../api.js";
import { html } from "../html.js";
import { Problem } from "../problem.js";
import { useStored } from "../store.js";
import { Controls, Editor, Marks } from "./editor.js";
import { History, remembered } from "./history.js";
import { useMediaSession } from "./media_session.js";
import { Playback } from "./playback.js";
import { Player } from "./player.js";
import { read as readPronunciations } from "./pronunciations.js";
import { Samples } from "./samples.js";
import { Snippets } from "./snippets.js";
import { mixName, mixParts } from "./voice_names.js";
import { Voices } from "./voices.js";

/** A voice of Kokoro, by its name; others in the list are names of OpenAI's for the same voices. */
const OWN = /^[a-z][fm]_/;

const { mostCharacters, voice: usualVoice } = document.body.dataset;

/** What the page needs before it can be used: its texts and the voices. */
async function prepared() {
  const texts = await (await fetch(new URL("../texts.json", import.meta.url))).json();
  const { voices } = await read("v1/audio/voices");
  return { texts, voices: voices.filter(({ id }) => OWN.test(id)) };
}

export function Speak() {
  const [ready, setReady] = useState(null);
  const [error, setError] = useState(null);
  const prepare = () => {
    setError(null);
    prepared().then(setReady, setError);
  };
  useEffect(prepare, []);
  if (error) return html`<${Problem} error=${error} onAgain=${prepare} />`;
  return ready && html`<${Studio} ...${ready} />`;
}

/** What makes sound on the page; `heard` is the id of the voice whose sample is heard. */
function useSound(texts) {
  const [heard, setHeard] = useState(null);
  const [, redraw] = useReducer((count) => count + 1, 0);
  const element = useRef();
  const players = useRef({});
  useEffect(() => {
    players.current = {
      playback: new Playback(element.current, redraw),
      samples: new Samples(texts.samples, setHeard),
    };
    redraw();
  }, []);
  return { element, heard, ...players.current };
}

/** What is spoken, and how; all but the text is remembered. */
function useOrder(text) {
  const [input, setInput] = useState(text);
  const [voice, setVoice] = useStored("voice", usualVoice);
  const [speed, setSpeed] = useStored("speed", 1);
  const [written, setWritten] = useStored("pronunciations", "");
  const { entries, problem } = readPronunciations(written);
  const said = Object.keys(entries).length ? { pronunciations: entries } : {};
  const order = { model: "tts-1", voice, input, speed, ...said };
  return { order, canSpeak: Boolean(input.trim()) && !problem, setInput, setVoice, setSpeed, written, setWritten };
}

const isHeard = (playback) =>
  playback?.state === "asked" || (playback && playback.state !== "idle" && playback.isPlaying);

/** Silence by a key, wherever the focus is, but for a dialog that it closes. */
function useEscape(stop) {
  useEffect(() => {
    const pressed = ({ key, target }) => key === "Escape" && !target.closest?.("dialog") && stop();
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  });
}

function Studio({ texts, voices }) {
  const { order, canSpeak, setInput, setVoice, setSpeed, written, setWritten } = useOrder(texts.greeting);
  const [format, setFormat] = useStored("format", "mp3");
  const [history, setHistory] = useStored("history", [], { input: "", voice: "", speed: 1 });
  const [problem, setProblem] = useState(null);
  const { element, heard, playback, samples } = useSound(texts);
  useMediaSession(playback);

  const speak = (wanted) => {
    samples.stop();
    setProblem(null);
    setHistory((before) => remembered(before, wanted));
    playback.speak(wanted);
  };
  const stop = () => {
    samples.stop();
    playback.stop();
  };
  const again = ({ input, voice, speed }) => {
    setInput(input);
    setVoice(voice);
    setSpeed(speed);
    speak({ ...order, input, voice, speed });
  };
  const hear = (voice) => {
    playback.pause();
    setProblem(null);
    if (heard === voice.id) samples.stop();
    else samples.play(voice).catch(setProblem);
  };
  const example = ({ text, voice }) => {
    setInput(text);
    setVoice(voiceFor(voices, order.voice, voice));
  };
  const speakThis = () => canSpeak && speak(order);
  const keys = (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault(); // else it presses the button that has the focus, too
    speakThis();
  };
  useEscape(stop);
  const said = playback?.error;

  return html`<div class="studio" onKeyDown=${keys}>
    <audio ref=${element}></audio>
    <div class="column">
      <${Editor} texts=${texts} text=${order.input} onText=${setInput} onExample=${example} most=${Number(mostCharacters)}>
        <${Controls} speed=${order.speed} onSpeed=${setSpeed} format=${format} onFormat=${setFormat}
          isSpeaking=${isHeard(playback)} canSpeak=${canSpeak} onSpeak=${speakThis} onStop=${stop} />
        <${Marks} texts=${texts} written=${written} onWritten=${setWritten}
          refused=${said?.param === "pronunciations" && said.message} />
      <//>
      ${said && html`<${Problem} error=${said} onAgain=${speakThis} />`}
      ${problem && html`<${Problem} error=${problem} />`}
      ${playback && playback.state !== "idle" &&
      html`<${Player} playback=${playback} format=${format} onError=${setProblem} />`}
      <${Snippets} order=${order} format=${format} />
      <${History} history=${history} onSpeak=${again} onChange=${setHistory} />
    </div>
    <${Voices} voices=${voices} mix=${mixParts(order.voice)} heard=${heard} onMix=${(mix) => setVoice(mixName(mix))}
      onHear=${hear} />
  </div>`;
}

/** The voice for an example: its own if there is that here, and for an English one any that speaks English. */
function voiceFor(voices, present, wanted) {
  if (wanted) return voices.some(({ id }) => id === wanted) ? wanted : present;
  const [{ id }] = mixParts(present);
  return voices.find((voice) => voice.id === id)?.language.startsWith("en") ? present : usualVoice;
}
