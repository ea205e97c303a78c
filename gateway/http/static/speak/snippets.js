// The code that does what was just heard.
import { useState } from "preact/hooks";
import { key, urlOf } from "../api.js";
import { html } from "../html.js";
import { Copy } from "./copy.js";

const LANGUAGES = { curl, Python: python, JavaScript: javascript };

export function Snippets({ order, format }) {
  const [language, setLanguage] = useState("curl");
  const code = LANGUAGES[language]({ ...order, response_format: format });
  return html`<section class="card snippets" aria-labelledby="code-title">
    <div class="row spread">
      <h2 id="code-title">Code</h2>
      <div class="row segmented" role="group" aria-label="Language of the code">
        ${Object.keys(LANGUAGES).map(
          (name) => html`<button aria-pressed=${name === language} onClick=${() => setLanguage(name)}>${name}</button>`,
        )}
      </div>
    </div>
    <div class="code"><pre tabindex="0"><code>${code}</code></pre><${Copy} text=${code} what="the code" /></div>
  </section>`;
}

const base = () => urlOf("v1");
const clientKey = () => (key.get() ? "YOUR_KEY" : "not needed");
const file = (order) => `speech.${order.response_format}`;

/** The fields as arguments, those that say what is the default anyway left out. */
const fields = ({ model, voice, input, response_format: format, speed, pronunciations }) => ({
  model,
  voice,
  input,
  ...(format === "mp3" ? {} : { response_format: format }),
  ...(speed === 1 ? {} : { speed }),
  ...(pronunciations && { pronunciations }),
});

function curl(order) {
  const given = Object.entries(fields(order)).map(([name, value]) => `"${name}": ${JSON.stringify(value)}`);
  const body = `{${given.join(", ")}}`.replaceAll("'", "'\\''");
  const auth = key.get() ? " -H 'Authorization: Bearer YOUR_KEY' \\\n " : "";
  return `curl ${base()}/audio/speech \\\n ${auth} -H 'Content-Type: application/json' \\\n  -d '${body}' > ${file(order)}`;
}

function python(order) {
  const { pronunciations, ...known } = fields(order);
  // What OpenAI's API does not have goes past its client.
  const all = { ...known, ...(pronunciations && { extra_body: { pronunciations } }) };
  const given = Object.entries(all).map(([name, value]) => `    ${name}=${JSON.stringify(value)},`);
  return `from openai import OpenAI

client = OpenAI(base_url=${JSON.stringify(base())}, api_key="${clientKey()}")
with client.audio.speech.with_streaming_response.create(
${given.join("\n")}
) as speech:
    speech.stream_to_file("${file(order)}")`;
}

function javascript(order) {
  const given = Object.entries(fields(order)).map(([name, value]) => `  ${name}: ${JSON.stringify(value)},`);
  return `import OpenAI from "openai";
import { writeFile } from "node:fs/promises";

const client = new OpenAI({ baseURL: ${JSON.stringify(base())}, apiKey: "${clientKey()}" });
const speech = await client.audio.speech.create({
${given.join("\n")}
});
await writeFile("${file(order)}", Buffer.from(await speech.arrayBuffer()));`;
}
