// What a lock screen, headphones and media keys show of the speech, and what they may do to it.
import { useEffect } from "preact/hooks";
import { mixParts, voiceName } from "./voice_names.js";
import { duration } from "./waveform.js";

const TITLE_CHARACTERS = 80;
const STEP_S = 10;

/** Keeps the browser's media session as the playback is. None of it leaves the browser. */
export function useMediaSession(playback) {
  const session = navigator.mediaSession;
  useEffect(() => {
    if (!session || !playback) return;
    const step = (seconds) => playback.seek(Math.min(Math.max(0, playback.time + seconds), duration(playback)));
    const actions = {
      play: () => playback.resume(),
      pause: () => playback.pause(),
      stop: () => playback.stop(),
      seekto: ({ seekTime }) => playback.seek(seekTime),
      seekbackward: ({ seekOffset }) => step(-(seekOffset ?? STEP_S)),
      seekforward: ({ seekOffset }) => step(seekOffset ?? STEP_S),
    };
    for (const [name, act] of Object.entries(actions)) session.setActionHandler(name, act);
  }, [playback]);
  useEffect(() => {
    if (!session || !playback) return;
    const { state, order, isPlaying, time } = playback;
    const isThere = state !== "idle";
    session.metadata = isThere ? metadata(order) : null;
    session.playbackState = !isThere ? "none" : isPlaying ? "playing" : "paused";
    const length = duration(playback);
    session.setPositionState(state === "whole" ? { duration: length, position: Math.min(time, length) } : undefined);
  }, [playback, playback?.state, playback?.order, playback?.isPlaying, playback?.seeks]);
}

function metadata({ input, voice }) {
  const characters = [...input];
  const title = characters.slice(0, TITLE_CHARACTERS).join("") + (characters.length > TITLE_CHARACTERS ? "…" : "");
  const artist = mixParts(voice).map(({ id }) => voiceName(id)).join(" and ");
  return new MediaMetadata({ title, artist, album: "Kokoro Gateway" });
}
