// The page that shows what the machine does: the figures every second, and each request when it has ended.
import { useEffect, useReducer, useState } from "preact/hooks";
import { Cut, ask, events } from "../api.js";
import { html } from "../html.js";
import { Problem } from "../problem.js";
import { Cache } from "./cache.js";
import { Figures } from "./figures.js";
import { Machine } from "./machine.js";
import { Requests } from "./requests.js";
import { Workers } from "./workers.js";

const AGAIN_MS = 2000;
/** Figures come every second; after so long without any the network is gone, though nothing said so. */
const PATIENCE_MS = 10_000;
const MOST_REQUESTS = 50;
/** Two minutes of figures, for the lines. */
const MOST_MOMENTS = 120;

/** Proxies as deploy/ has them pass no figures on. */
const KEPT = "The proxy in front of this gateway keeps its figures for those who are on the machine itself.";

const NOTHING = { status: null, moments: [], requests: [] };

/** What is known after one more event. */
function known(before, event) {
  if (event.type === "status") {
    const { status } = event;
    return { ...before, status, moments: [...before.moments, status].slice(-MOST_MOMENTS) };
  }
  if (event.type === "request") {
    return { ...before, requests: [event.request, ...before.requests].slice(0, MOST_REQUESTS) };
  }
  return NOTHING; // the stream begins anew, and tells again what is remembered
}

export function See() {
  const [seen, take] = useReducer(known, NOTHING);
  const [problem, setProblem] = useState(null);
  const [tries, again] = useReducer((count) => count + 1, 0);
  useEffect(() => {
    const work = new AbortController();
    watch(work.signal, take, setProblem);
    return () => work.abort();
  }, [tries]);
  const { status, moments, requests } = seen;
  return html`<div class="see">
    ${problem && html`<${Problem} error=${problem} onAgain=${problem.status === 401 && again} />`}
    ${status &&
    html`<${Figures} status=${status} moments=${moments} requests=${requests} />
      <${Workers} workers=${status.workers} />
      <${Requests} requests=${requests} />
      <div class="pair"><${Cache} cache=${status.cache} /><${Machine} status=${status} /></div>`}
  </div>`;
}

/** Follows the stream until it is given up or refused, and comes back when it breaks. */
async function watch(signal, take, setProblem) {
  while (!signal.aborted) {
    try {
      const answer = await ask("status/events", { signal });
      take({ type: "begin" });
      setProblem(null);
      for await (const event of events(answer, PATIENCE_MS)) take(event);
      setProblem({ message: "The gateway is leaving. Waiting for the next one …" });
    } catch (error) {
      if (signal.aborted) return;
      if (error.status === 404) return setProblem({ message: KEPT });
      if (error.status === 401) return setProblem(error);
      const said = error instanceof Cut ? "The connection was cut; the figures below are the last that came." : error.message;
      setProblem({ message: `${said} Trying again …` });
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}
