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

function Studio({ texts, voices }) {
  const [text, setText] = useState(texts.greeting);
  const [voice, setVoice] = useStored("voice", usualVoice);
  const [speed, setSpeed] = useStored("speed", 1);
  const [format, setFormat] = useStored("format", "mp3");
  const [history, setHistory] = useStored("history", []);
  const [heard, setHeard] = useState(null);
  const [sampleError, setSampleError] = useState("");
  const [, redraw] = useReducer((count) => count + 1, 0);
  const element = useRef();
  const playback = useRef();
  const samples = useRef();
  useEffect(() => {
    playback.current = new Playback(element.current, redraw);
    samples.current = new Samples(texts.samples, setHeard);
    redraw();
  }, []);

  const playing = playback.current;
  const order = { model: "tts-1", voice, input: text, speed };
  const speak = (wanted) => {
    samples.current.stop();
    setSampleError("");
    setHistory((before) => remembered(before, wanted));
    return playing.speak(wanted);
  };
  const again = (wanted) => {
    setText(wanted.input);
    setVoice(wanted.voice);
    setSpeed(wanted.speed);
    speak(wanted);
  };
  const hear = (wanted) => {
    playing.pause();
    setSampleError("");
    samples.current.play(wanted).catch((failed) => setSampleError(failed.message));
  };
  const example = ({ text: said, voice: by }) => {
    setText(said);
    const language = (id) => voices.find((each) => each.id === id)?.language;
    if (by && voices.some(({ id }) => id === by)) setVoice(by);
    else if (!by && !language(mixParts(voice)[0].id)?.startsWith("en")) setVoice(usualVoice);
  };
  const isSpeaking = Boolean(playing) && (playing.state === "asked" || (playing.state !== "idle" && playing.isPlaying));
  const problem = playing?.error || sampleError;

  return html`<div class="studio" onKeyDown=${(event) => event.key === "Escape" && playing.stop()}>
    <audio ref=${element}></audio>
    <div class="column">
      <${Editor} texts=${texts} text=${text} onText=${setText} onExample=${example} speed=${speed} onSpeed=${setSpeed}
        most=${Number(mostCharacters)} isSpeaking=${isSpeaking} onSpeak=${() => text.trim() && speak(order)}
        onStop=${() => playing.stop()} />
      ${problem && html`<p class="card alert" role="alert">${problem}</p>`}
      ${playing && playing.state !== "idle" &&
      html`<${Player} playback=${playing} format=${format} onFormat=${setFormat} onError=${setSampleError} />`}
      <${Snippets} order=${order} format=${format} />
      <${History} history=${history} onSpeak=${again} onChange=${setHistory} />
    </div>
    <${Voices} voices=${voices} mix=${mixParts(voice)} heard=${heard} onMix=${(mix) => setVoice(mixName(mix))} onHear=${hear} />
  </div>`;
}
