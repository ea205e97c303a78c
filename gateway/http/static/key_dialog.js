// Asks for the key of the gateway, when it wants one.
import { useEffect, useRef, useState } from "preact/hooks";
import { key } from "./api.js";
import { html } from "./html.js";

/** A dialog that opens when a request needs a key. One of it is on a page. */
export function KeyDialog() {
  const dialog = useRef();
  const waiting = useRef([]);
  const [problem, setProblem] = useState("");

  useEffect(() => {
    key.askUser = (said) => {
      setProblem(said);
      if (!dialog.current.open) dialog.current.showModal();
      return new Promise((resolve) => waiting.current.push(resolve));
    };
  }, []);

  const end = (given) => waiting.current.splice(0).forEach((resolve) => resolve(given));
  const submit = (event) => {
    event.preventDefault();
    key.set(event.target.elements.key.value.trim());
    end(true);
    dialog.current.close();
  };
  return html`<dialog ref=${dialog} aria-labelledby="key-title" onClose=${() => end(false)}>
    <form onSubmit=${submit}>
      <h2 id="key-title">This gateway wants a key</h2>
      <label>API key
        <input name="key" type="password" autocomplete="off" required aria-describedby="key-note"
          aria-invalid=${problem ? "true" : null} />
      </label>
      <p class="quiet" id="key-note">${problem || "Kept in this tab only, until you close it."}</p>
      <div class="row end">
        <button type="button" class="plain" onClick=${() => dialog.current.close()}>Cancel</button>
        <button type="submit">Use this key</button>
      </div>
    </form>
  </dialog>`;
}
