// Figures as people read them.

export const milliseconds = (ms) => (ms == null ? "–" : ms >= 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms)} ms`);
export const seconds = (s) => (s == null ? "–" : s >= 3600 ? `${(s / 3600).toFixed(1)} h` : s >= 120 ? `${(s / 60).toFixed(1)} min` : `${s.toFixed(1)} s`);
export const megabytes = (bytes) => `${(bytes / 1_048_576).toFixed(bytes < 10 * 1_048_576 ? 1 : 0)} MiB`;
export const percent = (share) => (share == null ? "–" : `${Math.round(100 * share)} %`);
export const count = (number) => number.toLocaleString("en");
/** So many of something: 1 reply, 2 replies. */
export const many = (number, one, others = `${one}s`) => `${count(number)} ${number === 1 ? one : others}`;
