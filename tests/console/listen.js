// Put into a page before its own scripts: hears what the page plays, wherever that comes from, and notes the loudest
// sample of each moment. `window.heard` is a list of [milliseconds of performance.now(), level from 0 to 1], and
// `window.marked` one of [milliseconds, word] for the words that are marked as heard.
window.heard = [];
window.marked = [];
new MutationObserver((changes) => {
  for (const { target } of changes) {
    if (target.classList.contains("now")) window.marked.push([performance.now(), target.textContent]);
  }
}).observe(document, { subtree: true, attributes: true, attributeFilter: ["class"] });

const ears = [];

function listen(context, source) {
  const analyser = new AnalyserNode(context, { fftSize: 512 });
  source.connect(analyser);
  ears.push(analyser);
}

const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (target, ...rest) {
  if (target instanceof AudioDestinationNode) listen(this.context, this);
  return connect.call(this, target, ...rest);
};

const elements = new WeakSet();
const play = HTMLMediaElement.prototype.play;
HTMLMediaElement.prototype.play = function () {
  if (!elements.has(this)) {
    elements.add(this);
    const context = new AudioContext();
    const source = context.createMediaElementSource(this);
    connect.call(source, context.destination);
    listen(context, source);
  }
  return play.call(this);
};

const samples = new Float32Array(512);
setInterval(() => {
  let level = 0;
  // The samples of a context that has stopped stay as they were.
  for (const ear of ears.filter(({ context }) => context.state === "running")) {
    ear.getFloatTimeDomainData(samples);
    level = Math.max(level, ...samples.map(Math.abs));
  }
  window.heard.push([performance.now(), level]);
}, 5);
