// The outline of a sound that is still being made: one peak for each twentieth of a second.

export const PEAKS_PER_SECOND = 20;

/** The peaks so far. Lives as long as one speech. */
export class Peaks {
  values = [];
  seconds = 0;
  #peak = 0;

  /** Takes in mono samples at so many a second. */
  add(samples, rate) {
    for (const sample of samples) {
      this.#peak = Math.max(this.#peak, Math.abs(sample));
      this.seconds += 1 / rate;
      if (this.seconds * PEAKS_PER_SECOND > this.values.length + 1) {
        this.values.push(this.#peak);
        this.#peak = 0;
      }
    }
  }
}
