// The console: which of its pages is shown, and what they share.
import { h, render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { showPlace } from "./bar.js";
import { html } from "./html.js";
import { KeyDialog } from "./key_dialog.js";
import { See } from "./see/see.js";
import { Speak } from "./speak/speak.js";

const TITLES = { speak: "Kokoro Gateway", see: "See · Kokoro Gateway" };

const named = () => (location.hash.slice(1) in TITLES ? location.hash.slice(1) : "speak");

function Console() {
  const [name, setName] = useState(named);
  useEffect(() => {
    const follow = () => setName(named());
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  useEffect(() => {
    showPlace(`./#${name}`);
    document.title = TITLES[name];
  }, [name]);
  // Speech goes on while the other page is looked at.
  return html`
    <div hidden=${name !== "speak"}><${Speak} /></div>
    ${name === "see" && h(See)}
    <${KeyDialog} />`;
}

const page = document.getElementById("page");
page.replaceChildren();
render(h(Console), page);
