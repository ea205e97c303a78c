// The reference: what openapi.json says, for reading.
import { h, render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { read, urlOf } from "./api.js";
import { showPlace } from "./bar.js";
import { html } from "./html.js";
import { Problem } from "./problem.js";

/** The shape that a `$ref` leads to. */
const shapeAt = (api, reference) => api.components.schemas[reference.split("/").pop()];

/** What a field may hold, in words. */
function values(api, schema) {
  const inside = (other) => values(api, other);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum.filter((value) => value !== null && value !== "").join(", ");
  if (schema.minimum !== undefined) return `${schema.minimum} to ${schema.maximum}`;
  if (schema.anyOf) return schema.anyOf.filter((kind) => kind.type !== "null").map(inside).join(" or ");
  if (schema.$ref) {
    const fields = Object.entries(shapeAt(api, schema.$ref).properties);
    return `{${fields.map(([name, field]) => `"${name}": ${inside(field)}`).join(", ")}}`;
  }
  const type = [schema.type ?? "anything"].flat().find((kind) => kind !== "null");
  return type === "array" && schema.items ? `[${inside(schema.items)}, …]` : type;
}

/** The fields of a shape. */
const fieldsOf = (api, reference) => {
  const { properties, required } = shapeAt(api, reference);
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    schema,
    description: schema.description,
    required: required?.includes(name),
  }));
};

/** The fields of an operation: of its path, its query and its body. */
function asked(api, operation) {
  const body = operation.requestBody?.content["application/json"].schema.$ref;
  return [...(operation.parameters ?? []), ...(body ? fieldsOf(api, body) : [])];
}

/** A description with what stands between backticks as code. */
const marked = (text) => (text ?? "").split("`").map((part, index) => (index % 2 ? html`<code>${part}</code>` : part));

const Field = ({ api, name, schema, description, required, isSent }) => html`<tr>
  <td><code>${name}</code></td>
  <td>${values(api, schema)}${required && !isSent && html`<br /><small class="quiet">required</small>`}
    ${!required && (schema.default ?? "") !== "" && html`<br /><small class="quiet">default <code>${JSON.stringify(schema.default)}</code></small>`}</td>
  <td>${marked(description)}</td>
</tr>`;

/** A table of fields; `isSent`: by the gateway, which leaves none out. */
const Fields = ({ api, label, fields, isSent }) => html`<div class="scroll wrapped" tabindex="0" role="group" aria-label=${label}><table>
  <thead><tr><th>Field</th><th>Value</th><th>Meaning</th></tr></thead>
  <tbody>${fields.map((field) => html`<${Field} api=${api} isSent=${isSent} ...${field} />`)}</tbody>
</table></div>`;

/** What may come of it, by number. */
const Outcomes = ({ outcomes }) => html`<ul class="answers">${outcomes.map(
  ({ number, description, kinds }) => html`<li><code>${number}</code><span>${marked(description)}
    ${kinds && html`<br /><small class="quiet">${kinds}</small>`}</span></li>`,
)}</ul>`;

const answersOf = ({ responses }) =>
  Object.entries(responses).map(([number, { description, content }]) => ({ number, description, kinds: Object.keys(content).join(", ") }));

const Heading = ({ method, place, operation }) => html`<h2>${operation.summary}</h2>
  <p class="row"><span class=${`pill ${method === "get" ? "calm" : "good"}`}>${method.toUpperCase()}</span><code>${place}</code>
    ${operation.security && html`<span class="quiet">needs a key, if the gateway has keys</span>`}</p>
  ${operation.description && html`<p>${marked(operation.description)}</p>`}`;

function Operation({ api, path, method, operation }) {
  const fields = asked(api, operation);
  return html`<section class="card operation" id=${operation.operationId}>
    <${Heading} method=${method} place=${path} operation=${operation} />
    ${fields.length > 0 && html`<${Fields} api=${api} label=${`Fields: ${operation.summary}`} fields=${fields} />`}
    <${Outcomes} outcomes=${answersOf(operation)} />
  </section>`;
}

/** A WebSocket: how it is opened, what is said on it, and what it is closed with. */
function Socket({ api, path, operation }) {
  const { examples, description } = shapeAt(api, operation.takes.$ref);
  const closes = Object.entries(operation.closes).map(([number, description]) => ({ number, description }));
  return html`<section class="card operation" id=${operation.operationId}>
    <${Heading} method="socket" place=${urlOf("").replace("http", "ws") + path.slice(1)} operation=${operation} />
    <${Fields} api=${api} label=${`Address: ${operation.summary}`} fields=${operation.parameters} />
    <h3>You send</h3>
    <p>${marked(description)}</p>
    <div class="code"><pre tabindex="0"><code>${examples.map((each) => JSON.stringify(each)).join("\n")}</code></pre></div>
    <${Fields} api=${api} label=${`Messages: ${operation.summary}`} fields=${fieldsOf(api, operation.takes.$ref)} />
    <h3>You get</h3>
    ${operation.sends.map(
      ({ $ref }) => html`<p>${marked(shapeAt(api, $ref).description)}</p>
        <${Fields} api=${api} label=${`${shapeAt(api, $ref).title}: ${operation.summary}`} fields=${fieldsOf(api, $ref)} isSent />`,
    )}
    <h3>It opens, and is closed</h3>
    <${Outcomes} outcomes=${[...answersOf(operation), ...closes]} />
  </section>`;
}

function Reference() {
  const [api, setApi] = useState(null);
  const [problem, setProblem] = useState(null);
  useEffect(() => {
    read("openapi.json").then(setApi, setProblem);
  }, []);
  // What a link points to is there only now.
  useEffect(() => document.getElementById(location.hash.slice(1))?.scrollIntoView(), [api]);
  if (problem) return html`<${Problem} error=${problem} />`;
  if (!api) return null;
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ api, path, method, operation })),
  );
  const sockets = Object.entries(api["x-websockets"]).map(([path, operation]) => ({ api, path, operation }));
  return html`<div class="reference">
    <nav class="contents" aria-label="Operations">
      ${[...operations, ...sockets].map(({ operation }) => html`<a href=${`docs#${operation.operationId}`}>${operation.summary}</a>`)}
    </nav>
    <div class="column">
      <section class="card">
        <h1>${api.info.title} <span class="quiet">${api.info.version}</span></h1>
        <p>${api.info.summary} For programs: <a href="openapi.json">openapi.json</a>.</p>
        <div class="code"><pre tabindex="0"><code>${example()}</code></pre></div>
      </section>
      ${operations.map((each) => html`<${Operation} ...${each} />`)}
      ${sockets.map((each) => html`<${Socket} ...${each} />`)}
    </div>
  </div>`;
}

const example = () => `curl ${urlOf("v1/audio/speech")} -H 'Content-Type: application/json' \\
  -d '{"model": "tts-1", "voice": "alloy", "input": "Hello, world."}' > hello.mp3`;

showPlace("docs");
const page = document.getElementById("page");
page.replaceChildren();
render(h(Reference), page);
