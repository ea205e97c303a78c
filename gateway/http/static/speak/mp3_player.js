// Plays MP3 while it comes, through a MediaSource: heard 7 ms after its first byte, where <audio src> took 1.3 s.
import { ElementPlayer } from "./element_player.js";
import { RATE } from "./rate.js";

/** Seconds of silence that LAME and its decoders put before the sound: 1,105 samples. */
const DELAY_S = 1105 / RATE;

/** What has been heard may be dropped after this long, when the browser's buffer is full. */
const KEPT_S = 30;

const TYPE = "audio/mpeg";

/** Lives as long as one speech is being made and first heard; `element` is the page's one <audio>. */
export class Mp3Player extends ElementPlayer {
  static isSupported = () => Boolean(globalThis.MediaSource?.isTypeSupported(TYPE));

  format = "mp3";
  #source = new MediaSource();
  #buffer;
  #context;

  constructor(element) {
    super(element, DELAY_S);
    const opened = once(this.#source, "sourceopen");
    element.src = URL.createObjectURL(this.#source);
    // Called within the click, for browsers allow sound only then; it begins with the first bytes.
    element.play().catch(() => {});
    this.#buffer = opened.then(() => {
      URL.revokeObjectURL(element.src);
      return this.#source.addSourceBuffer(TYPE);
    });
  }

  /** Takes the next bytes; resolves to their samples, for the waveform. */
  async append(bytes) {
    const buffer = await this.#buffer;
    while (!this.#appended(buffer, bytes)) await this.#makeRoom(buffer);
    if (buffer.updating) await once(buffer, "updateend");
    return this.#samples(bytes);
  }

  /** All has come. */
  async end() {
    await this.#buffer;
    if (this.#source.readyState === "open") this.#source.endOfStream();
  }

  #appended(buffer, bytes) {
    try {
      buffer.appendBuffer(bytes);
      return true;
    } catch (error) {
      if (error.name !== "QuotaExceededError") throw error;
      return false;
    }
  }

  async #makeRoom(buffer) {
    const heard = this.element.currentTime - KEPT_S;
    if (heard <= 0) return new Promise((resolve) => setTimeout(resolve, 1000));
    buffer.remove(0, heard);
    return once(buffer, "updateend");
  }

  async #samples(bytes) {
    this.#context ??= new OfflineAudioContext(1, 1, RATE);
    const copy = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    try {
      return (await this.#context.decodeAudioData(copy)).getChannelData(0);
    } catch {
      return new Float32Array(0); // less than one frame of it
    }
  }
}

const once = (target, event) => new Promise((resolve) => target.addEventListener(event, resolve, { once: true }));
