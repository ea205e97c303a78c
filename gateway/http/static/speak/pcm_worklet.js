// In the audio thread: plays the samples it is sent, one after another, and says how many it has played.

/** Blocks of 128 samples between two reports: 43 ms at 24 kHz. */
const REPORT_EVERY = 8;

class Pcm extends AudioWorkletProcessor {
  #waiting = [];
  #offset = 0;
  #played = 0;
  #blocks = 0;
  #isWhole = false;

  constructor() {
    super();
    this.port.onmessage = ({ data }) => {
      if (data.isWhole) this.#isWhole = true;
      else this.#waiting.push(data.samples);
    };
  }

  process(_, [[output]]) {
    let filled = 0;
    while (filled < output.length && this.#waiting.length) {
      const first = this.#waiting[0];
      const part = first.subarray(this.#offset, this.#offset + output.length - filled);
      output.set(part, filled);
      filled += part.length;
      this.#offset += part.length;
      if (this.#offset === first.length) {
        this.#waiting.shift();
        this.#offset = 0;
      }
    }
    this.#played += filled;
    const isOver = this.#isWhole && !this.#waiting.length;
    if (isOver || ++this.#blocks % REPORT_EVERY === 0) {
      this.port.postMessage({ played: this.#played, at: currentTime, isOver });
    }
    return !isOver;
  }
}

registerProcessor("pcm", Pcm);
