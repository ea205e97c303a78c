// Speaks orders with a client for Node and prints what came of them, as report.py does for Python.
// Arguments: the client, how often to retry, and in JSON a list of base URLs, each with an order.
import { readFile } from "node:fs/promises";

const [client, retries, orders] = process.argv.slice(2);
const apiKey = "none is needed";
const maxRetries = Number(retries);

async function withOpenAI(baseURL, order) {
  const { default: OpenAI } = await import(client);
  const speech = await new OpenAI({ baseURL, apiKey, maxRetries }).audio.speech.create(order);
  if (order.stream_format !== "sse") return { audio: Buffer.from(await speech.arrayBuffer()) };
  const { Stream } = await import(`${client}/streaming`);
  const parts = [];
  for await (const event of Stream.fromSSEResponse(speech, new AbortController())) {
    if (event.type === "speech.audio.delta") parts.push(Buffer.from(event.audio, "base64"));
    if (event.type === "speech.audio.done") return { audio: Buffer.concat(parts) };
  }
  throw new Error("it ended before speech.audio.done");
}

async function withSDK(baseURL, { model, input: text, response_format: outputFormat, ...order }) {
  const { createOpenAI } = await import("@ai-sdk/openai");
  const { generateSpeech } = await import("ai");
  const speech = createOpenAI({ baseURL, apiKey }).speech(model);
  const { audio } = await generateSpeech({ model: speech, text, outputFormat, maxRetries, ...order });
  return { audio: Buffer.from(audio.uint8Array) };
}

async function withElevenLabs(baseUrl, { way, voice_id: voice, text, output_format: outputFormat }) {
  const { ElevenLabsClient } = await import(client);
  const speech = new ElevenLabsClient({ baseUrl, apiKey, maxRetries }).textToSpeech;
  const made = await speech[way](voice, { text, outputFormat });
  const parts = [];
  for await (const part of way === "convertWithTimestamps" ? [made] : made) parts.push(part);
  if (!way.endsWith("WithTimestamps")) return { audio: Buffer.concat(parts) };
  const times = parts.flatMap(({ alignment }) => alignment ?? []);
  return {
    audio: Buffer.concat(parts.map(({ audioBase64 }) => Buffer.from(audioBase64, "base64"))),
    words: times.flatMap(({ characters, characterStartTimesSeconds: starts }) =>
      characters.map((character, i) => [character, starts[i]])),
    aligned_s: times.at(-1).characterEndTimesSeconds.at(-1),
  };
}

const speak = { ai: withSDK, "@elevenlabs/elevenlabs-js": withElevenLabs }[client] ?? withOpenAI;

async function answer([baseURL, order]) {
  try {
    const { audio, ...told } = await speak(baseURL, order);
    return { audio: audio.toString("base64"), ...told };
  } catch (error) {
    return { error: error.constructor.name, status: error.status ?? error.statusCode ?? null, message: error.message };
  }
}

const answers = [];
for (const order of JSON.parse(orders)) answers.push(await answer(order));
const { version } = JSON.parse(await readFile(`node_modules/${client}/package.json`, "utf8"));
console.log("\n" + JSON.stringify({ version, answers }));
