// The outline of a sound that is still being made: one peak for each twentieth of a second.

export const PEAKS_PER_SECOND = 20;

/** Peak, from 0 to 1, of what is no silence. */
const AUDIBLE = 0.01;

/** The peaks so far. Lives as long as one speech. */
export class Peaks {
  values = [];
  seconds = 0;
  #peak = 0;
  #count = 0;

  get isAudible() {
    return this.values.some((peak) => peak > AUDIBLE);
  }

  /** Takes in mono samples at so many a second. */
  add(samples, rate) {
    const each = rate / PEAKS_PER_SECOND;
    for (let index = 0; index < samples.length; index += 1) {
      this.#peak = Math.max(this.#peak, Math.abs(samples[index]));
      this.#count += 1;
      if (this.#count % each === 0) {
        this.values.push(this.#peak);
        this.#peak = 0;
      }
    }
    this.seconds = this.#count / rate;
  }
}
