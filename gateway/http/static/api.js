// Asks the gateway that this page came from. Knows paths, keys and errors; knows nothing of what is shown.

const KEY = "kokoro.key";

/** The URL of a path of the gateway, wherever a proxy has put it. */
export const urlOf = (path) => new URL(path, new URL(".", document.baseURI)).href;

/** What the gateway said instead of what was asked for, in its words. */
export class Refused extends Error {
  /** `status` is that of HTTP, 0 without an answer; `param` the field at fault; `retryAfter` a wait in seconds, or 0. */
  constructor(message, { status = 0, param = null, retryAfter = 0 } = {}) {
    super(message);
    Object.assign(this, { status, param, retryAfter });
  }
}

/** The connection ended before all had come. */
export class Cut extends Refused {
  constructor() {
    super("The connection was cut before all had come: what was heard is not the whole.");
  }
}

/** The key of this session of the browser, kept no longer than that; of this page, where storage is switched off. */
export const key = {
  ofPage: "",
  get() {
    try {
      return sessionStorage.getItem(KEY) ?? this.ofPage;
    } catch {
      return this.ofPage;
    }
  },
  set(value) {
    this.ofPage = value;
    try {
      sessionStorage.setItem(KEY, value);
    } catch {
      // It is asked for again when the page is loaded again.
    }
  },
  /** Set by the page: asks the user, and resolves to true once there is a key to try. */
  askUser: async () => false,
};

/** The answer to a request; a key is asked for when one is wanted. Throws `Refused`, or `AbortError` when given up. */
export async function ask(path, { body, signal } = {}) {
  const used = key.get();
  const response = await answerTo(path, body, signal, used);
  if (response.ok) return response;
  const refused = await refusal(response);
  if (response.status === 401 && (key.get() !== used || (await key.askUser(used ? refused.message : "")))) {
    return ask(path, { body, signal });
  }
  throw refused;
}

async function answerTo(path, body, signal, apiKey) {
  const headers = apiKey ? { authorization: `Bearer ${apiKey}` } : {};
  if (body) headers["content-type"] = "application/json";
  try {
    const method = body ? "POST" : "GET";
    return await fetch(urlOf(path), { method, headers, body: body && JSON.stringify(body), signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused("The gateway cannot be reached. Is it running?");
  }
}

async function refusal(response) {
  const said = await response.json().catch(() => null);
  const message = said?.error?.message ?? `The gateway answered ${response.status}.`;
  const retryAfter = Number(response.headers.get("retry-after")) || 0;
  return new Refused(message, { status: response.status, param: said?.error?.param, retryAfter });
}

/** The JSON at a path. */
export const read = async (path) => (await ask(path)).json();

/**
 * The events of an answer, each as the object it carries. Throws `Cut` when the stream is, or when nothing has come for
 * `patienceMs`.
 */
export async function* events(response, patienceMs = Infinity) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  try {
    for (;;) {
      const { done, value } = await within(patienceMs, reader.read()).catch(cut);
      if (done) return;
      held += value;
      const parts = held.split("\n\n");
      held = parts.pop();
      for (const part of parts) yield JSON.parse(part.slice("data: ".length));
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function cut(error) {
  if (error.name === "AbortError") throw error;
  throw new Cut();
}

/** What is promised, unless that takes too long: a network that is gone does not say so. */
function within(ms, promised) {
  if (ms === Infinity) return promised;
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(reject, ms, new Cut())));
  return Promise.race([promised, late]).finally(() => clearTimeout(timer));
}
