// Plays a sound that is all there, in the page's one <audio>: seeking, media keys and the lock screen are the browser's.

/** Lives until another speech begins. `delay` is the silence before the sound in this file, seconds. */
export class WholePlayer {
  canSeek = true;
  #element;
  #url;
  #delay;

  constructor(element, blob, delay) {
    this.#element = element;
    this.#url = URL.createObjectURL(blob);
    this.#delay = delay;
    element.src = this.#url;
  }

  get time() {
    return Math.max(0, this.#element.currentTime - this.#delay);
  }

  get isPlaying() {
    return !this.#element.paused && !this.#element.ended;
  }

  pause() {
    this.#element.pause();
  }

  resume() {
    return this.#element.play();
  }

  seek(time) {
    this.#element.currentTime = time + this.#delay;
  }

  stop() {
    this.#element.pause();
    this.#element.removeAttribute("src");
    this.#element.load();
    URL.revokeObjectURL(this.#url);
  }
}
