// The reference: what openapi.json says, for reading.
import { h, render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { read, urlOf } from "./api.js";
import { showPlace } from "./bar.js";
import { html } from "./html.js";
import { Problem } from "./problem.js";

/** What a field may hold, in words. */
function values(schema) {
  if (schema.enum) return schema.enum.filter((value) => value !== null && value !== "").join(", ");
  if (schema.minimum !== undefined) return `${schema.minimum} to ${schema.maximum}`;
  if (schema.anyOf) return schema.anyOf.filter((kind) => kind.type !== "null").map(values).join(" or ");
  if (schema.$ref) return '{"id": name}';
  return [schema.type ?? "anything"].flat().find((kind) => kind !== "null");
}

/** The fields of an operation: of its path, its query and its body. */
function fieldsOf(api, operation) {
  const fields = (operation.parameters ?? []).map((field) => ({ ...field, required: field.required ?? false }));
  const reference = operation.requestBody?.content["application/json"].schema.$ref;
  if (!reference) return fields;
  const body = api.components.schemas[reference.split("/").pop()];
  const ofBody = Object.entries(body.properties).map(([name, schema]) => ({
    name,
    schema,
    description: schema.description,
    required: body.required?.includes(name),
  }));
  return [...fields, ...ofBody];
}

/** A description with what stands between backticks as code. */
const marked = (text) => (text ?? "").split("`").map((part, index) => (index % 2 ? html`<code>${part}</code>` : part));

const Field = ({ name, schema, description, required }) => html`<tr>
  <td><code>${name}</code></td>
  <td>${values(schema)}${required && html`<br /><small class="quiet">required</small>`}
    ${!required && (schema.default ?? "") !== "" && html`<br /><small class="quiet">default <code>${JSON.stringify(schema.default)}</code></small>`}</td>
  <td>${marked(description)}</td>
</tr>`;

function Operation({ api, path, method, operation }) {
  const fields = fieldsOf(api, operation);
  return html`<section class="card operation" id=${operation.operationId}>
    <h2>${operation.summary}</h2>
    <p class="row"><span class=${`pill ${method === "post" ? "good" : "calm"}`}>${method.toUpperCase()}</span><code>${path}</code>
      ${operation.security && html`<span class="quiet">needs a key, if the gateway has keys</span>`}</p>
    ${fields.length > 0 &&
    html`<div class="scroll wrapped" tabindex="0" role="group" aria-label=${`Fields: ${operation.summary}`}><table>
      <thead><tr><th>Field</th><th>Value</th><th>Meaning</th></tr></thead>
      <tbody>${fields.map((field) => html`<${Field} ...${field} />`)}</tbody>
    </table></div>`}
    <ul class="answers">${Object.entries(operation.responses).map(
      ([status, answer]) => html`<li><code>${status}</code><span>${marked(answer.description)}<br />
        <small class="quiet">${Object.keys(answer.content).join(", ")}</small></span></li>`,
    )}</ul>
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
  return html`<div class="reference">
    <nav class="contents" aria-label="Operations">
      ${operations.map(({ operation }) => html`<a href=${`docs#${operation.operationId}`}>${operation.summary}</a>`)}
    </nav>
    <div class="column">
      <section class="card">
        <h1>${api.info.title} <span class="quiet">${api.info.version}</span></h1>
        <p>${api.info.summary} For programs: <a href="openapi.json">openapi.json</a>.</p>
        <div class="code"><pre tabindex="0"><code>${example()}</code></pre></div>
      </section>
      ${operations.map((each) => html`<${Operation} ...${each} />`)}
    </div>
  </div>`;
}

const example = () => `curl ${urlOf("v1/audio/speech")} -H 'Content-Type: application/json' \\
  -d '{"model": "tts-1", "voice": "alloy", "input": "Hello, world."}' > hello.mp3`;

showPlace("docs");
const page = document.getElementById("page");
page.replaceChildren();
render(h(Reference), page);
