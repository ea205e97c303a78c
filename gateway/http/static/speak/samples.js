// A sentence in each voice, spoken when somebody first wants to hear it. The gateway caches it, and so does this page.
import { ask } from "../api.js";
import { voiceName } from "./voice_names.js";

/** Lives as long as the page. `changed` is called with the id of the voice that is heard, or with null. */
export class Samples {
  #texts;
  #changed;
  #audio = new Audio();
  #urls = new Map();
  #work = null;

  constructor(texts, changed) {
    this.#texts = texts;
    this.#changed = changed;
    this.#audio.addEventListener("ended", () => changed(null));
  }

  /** Lets a voice be heard. Throws `Refused`. */
  async play(voice) {
    this.stop();
    const work = (this.#work = new AbortController());
    this.#changed(voice.id);
    try {
      if (!this.#urls.has(voice.id)) this.#urls.set(voice.id, await this.#url(voice, work.signal));
      if (work.signal.aborted) return;
      this.#audio.src = this.#urls.get(voice.id);
      await this.#audio.play();
    } catch (error) {
      if (error.name === "AbortError") return;
      this.stop();
      throw error;
    }
  }

  stop() {
    this.#work?.abort();
    this.#audio.pause();
    this.#changed(null);
  }

  async #url(voice, signal) {
    const text = this.#texts[voice.language] ?? this.#texts["en-us"];
    const input = text.replace("{name}", voiceName(voice.id));
    const answer = await ask("v1/audio/speech", { body: { model: "tts-1", voice: voice.id, input }, signal });
    return URL.createObjectURL(await answer.blob());
  }
}
