// Runs the script of the reference page as a browser would, on as much of a document as it uses, and prints its text.
// Arguments: the page and the OpenAPI document, as files.
import { readFileSync } from "node:fs";

class Element {
  constructor(tag) { this.tag = tag; this.content = []; }
  append(...content) { this.content.push(...content); }
  prepend(...content) { this.content.unshift(...content); }
  replaceChildren(...content) { this.content = content; }
  set textContent(text) { this.content = [text]; }
  get text() {
    return this.content.map((part) => (part instanceof Element ? `<${part.tag}>${part.text}` : part)).join("");
  }
}

const [page, api] = process.argv.slice(2).map((path) => readFileSync(path, "utf8"));
const found = {};
globalThis.location = { origin: "http://here:8880" };
globalThis.document = {
  createElement: (tag) => new Element(tag),
  getElementById: (id) => (found[id] ??= new Element(id)),
};
globalThis.fetch = async (path) => {
  console.log(`fetched ${path}`);
  return { json: async () => JSON.parse(api) };
};
(0, eval)(page.match(/<script>([^]*)<\/script>/)[1]);
await new Promise((resolve) => setTimeout(resolve, 0));
console.log(document.title, ...Object.values(found).map((element) => element.text));
