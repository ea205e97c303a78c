// What players through the page's one <audio> have in common: its clock, without the silence before the sound.

/** `delay` is that silence in what the element plays, seconds. */
export class ElementPlayer {
  canSeek = true;

  constructor(element, delay) {
    this.element = element;
    this.delay = delay;
  }

  get time() {
    return Math.max(0, this.element.currentTime - this.delay);
  }

  get isPlaying() {
    return !this.element.paused && !this.element.ended;
  }

  pause() {
    this.element.pause();
  }

  resume() {
    return this.element.play();
  }

  seek(time) {
    this.element.currentTime = time + this.delay;
  }

  stop() {
    this.element.pause();
    this.element.removeAttribute("src");
    this.element.load();
  }
}
