// Plays PCM while it comes, through a worklet: for browsers whose MediaSource takes no MP3, or that have none.

/** Samples a second that the gateway sends. */
const RATE = 24000;

/** Lives as long as one speech is being made and first heard. */
export class PcmPlayer {
  format = "pcm";
  delay = 0;
  canSeek = false;
  isPlaying = true;
  #context = new AudioContext({ sampleRate: RATE });
  #node;
  #played = { seconds: 0, at: 0 };
  #ended;

  /** `ended` is called when all has been heard. */
  constructor(ended) {
    this.#ended = ended;
    this.#context.resume();
    this.#node = this.#open();
  }

  async append(bytes) {
    const values = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length >> 1);
    const samples = new Float32Array(values.length);
    for (let index = 0; index < values.length; index += 1) samples[index] = values[index] / 32768;
    (await this.#node).port.postMessage({ samples });
    return samples;
  }

  async end() {
    (await this.#node).port.postMessage({ isWhole: true });
  }

  /** What is heard now: samples that were played, since the worklet last said so, less what is still on its way. */
  get time() {
    const since = this.isPlaying ? this.#context.currentTime - this.#played.at : 0;
    const latency = this.#context.outputLatency || this.#context.baseLatency || 0;
    return Math.max(0, this.#played.seconds + Math.min(since, 0.2) - latency);
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
    if (this.#context.state !== "closed") this.#context.close();
  }

  async #open() {
    await this.#context.audioWorklet.addModule(new URL("./pcm_worklet.js", import.meta.url));
    const node = new AudioWorkletNode(this.#context, "pcm", { numberOfInputs: 0, outputChannelCount: [1] });
    node.connect(this.#context.destination);
    node.port.onmessage = ({ data }) => {
      this.#played = { seconds: data.played / RATE, at: data.at };
      if (data.isOver) this.#ended();
    };
    return node;
  }
}
