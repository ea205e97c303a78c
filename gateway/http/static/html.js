// Templates for Preact, written in the language itself: no compiler stands between these files and the browser.
import { h } from "preact";
import htm from "htm";

export const html = htm.bind(h);
