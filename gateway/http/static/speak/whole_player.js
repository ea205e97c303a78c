// Plays a sound that is all there, in the page's one <audio>: seeking, media keys and the lock screen are the browser's.
import { ElementPlayer } from "./element_player.js";

/** Lives until another speech begins. */
export class WholePlayer extends ElementPlayer {
  #url;

  constructor(element, blob, delay) {
    super(element, delay);
    this.#url = URL.createObjectURL(blob);
    element.src = this.#url;
  }

  stop() {
    super.stop();
    URL.revokeObjectURL(this.#url);
  }
}
