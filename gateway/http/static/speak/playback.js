// One speech at a time: asked for, played while it is made, then kept whole to be heard and sought in again.
import { Cut, ask, events } from "../api.js";
import { Mp3Player } from "./mp3_player.js";
import { PcmPlayer } from "./pcm_player.js";
import { Peaks } from "./peaks.js";
import { RATE } from "./rate.js";
import { wav } from "./wav.js";
import { WholePlayer } from "./whole_player.js";

/** Lives as long as the page. `changed` is called when what it shows may have changed. */
export class Playback {
  /** idle; asked: nothing has come yet; live: played while it comes; whole: all is there. */
  state = "idle";
  /** What went wrong, or null. */
  error = null;
  /** How often another place was sought. */
  seeks = 0;
  /** What is, or was, spoken: the fields of the request. */
  order = null;
  /** When each word is heard, as the API tells it. */
  words = [];
  peaks = new Peaks();
  /** Milliseconds from the click to the first bytes of sound. */
  firstMs = null;
  #element;
  #changed;
  #player = null;
  #work = null;
  #blob = null;
  /** Silence before the sound in `#blob`, seconds. */
  #delay = 0;

  constructor(element, changed) {
    this.#element = element;
    this.#changed = changed;
    for (const event of ["play", "pause", "seeked"]) element.addEventListener(event, changed);
    element.addEventListener("ended", () => this.#heard());
  }

  get isPlaying() {
    return this.#player?.isPlaying ?? false;
  }

  get time() {
    return this.#player?.time ?? 0;
  }

  get canSeek() {
    return this.state === "whole" || (this.state === "live" && this.#player.canSeek);
  }

  /** Has an order spoken, and plays it while it comes; resolves when all has come, or it was stopped. */
  async speak(order) {
    this.stop();
    const work = (this.#work = new AbortController());
    Object.assign(this, { state: "asked", error: null, order, words: [], peaks: new Peaks(), firstMs: null });
    const player = Mp3Player.isSupported() ? new Mp3Player(this.#element) : new PcmPlayer(() => this.#heard());
    this.#player = player;
    this.#changed();
    try {
      await this.#take(player, order, work.signal);
    } catch (error) {
      if (work.signal.aborted) return;
      this.stop();
      this.error = error;
      this.#changed();
    }
  }

  async #take(player, order, signal) {
    const began = performance.now();
    const pieces = [];
    let shown = 0;
    let isWhole = false;
    const body = { ...order, response_format: player.format, stream_format: "sse", timestamps: "word" };
    for await (const event of events(await ask("v1/audio/speech", { body, signal }))) {
      if (event.type === "speech.audio.words") this.words.push(...event.words);
      if (event.type === "speech.audio.done") isWhole = true;
      if (event.type !== "speech.audio.delta") continue;
      this.firstMs ??= performance.now() - began;
      const bytes = decoded(event.audio);
      pieces.push(bytes);
      this.peaks.add(await player.append(bytes), RATE);
      signal.throwIfAborted();
      // The outline and the clock look for themselves: drawing the page anew for each piece took longer than the piece.
      if (this.state === "live" && this.words.length === shown) continue;
      this.state = "live";
      shown = this.words.length;
      this.#changed();
    }
    if (!isWhole) throw new Cut(); // some proxies end what was cut as if it were all
    this.#blob = player.format === "mp3" ? new Blob(pieces, { type: "audio/mpeg" }) : wav(pieces, RATE);
    this.#delay = player.delay;
    this.state = "whole";
    await player.end();
    this.#changed();
  }

  /** It was heard to its end: from now on it is played from the whole. */
  #heard() {
    if (this.state === "whole" && !(this.#player instanceof WholePlayer)) this.#handOver();
    this.#changed();
  }

  #handOver() {
    this.#player.stop();
    this.#player = new WholePlayer(this.#element, this.#blob, this.#delay);
  }

  pause() {
    this.#player?.pause();
    this.#changed();
  }

  resume() {
    this.#player?.resume()?.catch?.(() => {});
    this.#changed();
  }

  seek(time) {
    if (!this.canSeek) return;
    const goesOn = this.isPlaying;
    if (!this.#player.canSeek) this.#handOver();
    this.#player.seek(time);
    if (goesOn && !this.isPlaying) this.resume();
    this.seeks += 1;
    this.#changed();
  }

  /** Silence, at once; what has come is forgotten. */
  stop() {
    this.#work?.abort();
    this.#player?.stop();
    this.#player = null;
    this.state = "idle";
    this.#changed();
  }
}

function decoded(base64) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
  const characters = atob(base64);
  const bytes = new Uint8Array(characters.length);
  for (let index = 0; index < bytes.length; index += 1) bytes[index] = characters.charCodeAt(index);
  return bytes;
}
