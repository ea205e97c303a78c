// Plays PCM while it comes, piece after piece on the clock of an AudioContext: for browsers whose MediaSource takes no
// MP3, or that have none. A worklet could do it too, but browsers keep those from pages of other machines without TLS.
import { RATE } from "./rate.js";

/** Seconds between giving a piece to the audio thread and its sound, where none is sounding; others are on time. */
const LEAD_S = 0.05;

/** Seconds that are given to the audio thread ahead, for it looks at every piece it has all the time. */
const AHEAD_S = 10;

/** Lives as long as one speech is being made and first heard. */
export class PcmPlayer {
  format = "pcm";
  delay = 0;
  canSeek = false;
  isPlaying = true;
  #context = new AudioContext({ sampleRate: RATE });
  #out = new GainNode(this.#context);
  #waiting = [];
  /** What sounds or will: when that begins on the context's clock and in the speech, and its length, in seconds. */
  #given = [];
  #sounding = 0;
  #isWhole = false;
  #ended;

  /** `ended` is called when all has been heard. */
  constructor(ended) {
    this.#ended = ended;
    this.#out.connect(this.#context.destination);
    this.#context.resume();
  }

  /** Takes the next bytes; returns their samples, for the waveform. */
  append(bytes) {
    const values = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length >> 1);
    const samples = Float32Array.from(values, (value) => value / 32768);
    if (samples.length) this.#waiting.push(samples);
    this.#goOn();
    return samples;
  }

  /** All has come. */
  end() {
    this.#isWhole = true;
    this.#goOn();
  }

  /** What is heard now, in seconds of the speech. */
  get time() {
    const now = this.#context.currentTime - (this.#context.outputLatency || this.#context.baseLatency || 0);
    while (this.#given.length > 1 && this.#given[1].at <= now) this.#given.shift();
    if (!this.#given.length) return 0;
    const [{ at, from, seconds }] = this.#given;
    return from + Math.min(Math.max(now - at, 0), seconds);
  }

  pause() {
    this.isPlaying = false;
    this.#context.suspend();
  }

  resume() {
    this.isPlaying = true;
    return this.#context.resume();
  }

  seek() {}

  stop() {
    this.isPlaying = false;
    this.#waiting = [];
    this.#isWhole = false;
    if (this.#context.state !== "closed") this.#context.close();
  }

  #goOn() {
    while (this.#waiting.length && this.#next.at - this.#context.currentTime < AHEAD_S) this.#give(this.#waiting.shift());
    if (this.#isWhole && !this.#waiting.length && !this.#sounding) this.#ended();
  }

  /** Where the next piece begins, on the context's clock and in the speech. */
  get #next() {
    const last = this.#given.at(-1);
    return last ? { at: last.at + last.seconds, from: last.from + last.seconds } : { at: 0, from: 0 };
  }

  #give(samples) {
    const buffer = new AudioBuffer({ length: samples.length, sampleRate: RATE });
    buffer.copyToChannel(samples, 0);
    const source = new AudioBufferSourceNode(this.#context, { buffer });
    source.connect(this.#out);
    source.onended = () => {
      this.#sounding -= 1;
      this.#goOn();
    };
    const { at: onTime, from } = this.#next;
    const now = this.#context.currentTime;
    // On a sample: Chromium interpolates what begins between two, and pieces would not join.
    const at = onTime > now ? onTime : Math.ceil((now + LEAD_S) * RATE) / RATE;
    source.start(at);
    this.#sounding += 1;
    this.#given.push({ at, from, seconds: buffer.duration });
  }
}
