// The page that speaks: a text, a voice, a player, the code and the history.
import { useEffect, useReducer, useRef, useState } from "preact/hooks";
import { read } from "../api.js";
import { html } from "../html.js";
import { useStored } from "../store.js";
import { Editor } from "./editor.js";
import { History, remembered } from "./history.js";
import { Playback } from "./playback.js";
import { Player } from "./player.js";
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
  const [error, setError] = useState("");
  useEffect(() => {
    prepared().then(setReady, (failed) => setError(failed.message));
  }, []);
  if (error) return html`<p class="card alert" role="alert">${error}</p>`;
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
  return { order: { model: "tts-1", voice, input, speed }, setInput, setVoice, setSpeed };
}

const isHeard = (playback) =>
  playback?.state === "asked" || (playback && playback.state !== "idle" && playback.isPlaying);

function Studio({ texts, voices }) {
  const { order, setInput, setVoice, setSpeed } = useOrder(texts.greeting);
  const [format, setFormat] = useStored("format", "mp3");
  const [history, setHistory] = useStored("history", []);
  const [problem, setProblem] = useState("");
  const { element, heard, playback, samples } = useSound(texts);

  const speak = (wanted) => {
    samples.stop();
    setProblem("");
    setHistory((before) => remembered(before, wanted));
    playback.speak(wanted);
  };
  const again = (wanted) => {
    setInput(wanted.input);
    setVoice(wanted.voice);
    setSpeed(wanted.speed);
    speak(wanted);
  };
  const hear = (voice) => {
    playback.pause();
    setProblem("");
    samples.play(voice).catch((failed) => setProblem(failed.message));
  };
  const example = ({ text, voice }) => {
    setInput(text);
    setVoice(voiceFor(voices, order.voice, voice));
  };
  const said = playback?.error || problem;

  return html`<div class="studio" onKeyDown=${(event) => event.key === "Escape" && playback.stop()}>
    <audio ref=${element}></audio>
    <div class="column">
      <${Editor} texts=${texts} text=${order.input} onText=${setInput} onExample=${example} speed=${order.speed}
        onSpeed=${setSpeed} most=${Number(mostCharacters)} isSpeaking=${isHeard(playback)}
        onSpeak=${() => order.input.trim() && speak(order)} onStop=${() => playback.stop()} />
      ${said && html`<p class="card alert" role="alert">${said}</p>`}
      ${playback && playback.state !== "idle" &&
      html`<${Player} playback=${playback} format=${format} onFormat=${setFormat} onError=${setProblem} />`}
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
