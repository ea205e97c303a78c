// Speaks orders with a client for Node and prints what came of them, as report.py does for Python.
// Arguments: the client, how often to retry, and in JSON a list of base URLs, each with an order.
import { readFile } from "node:fs/promises";

const [client, retries, orders] = process.argv.slice(2);
const apiKey = "none is needed";
const maxRetries = Number(retries);

async function withOpenAI(baseURL, order) {
  const { default: OpenAI } = await import(client);
  const speech = await new OpenAI({ baseURL, apiKey, maxRetries }).audio.speech.create(order);
  return Buffer.from(await speech.arrayBuffer());
}

async function withSDK(baseURL, { model, input: text, response_format: outputFormat, ...order }) {
  const { createOpenAI } = await import("@ai-sdk/openai");
  const { generateSpeech } = await import("ai");
  const speech = createOpenAI({ baseURL, apiKey }).speech(model);
  const { audio } = await generateSpeech({ model: speech, text, outputFormat, maxRetries, ...order });
  return Buffer.from(audio.uint8Array);
}

async function answer([baseURL, order]) {
  try {
    const audio = await (client === "ai" ? withSDK(baseURL, order) : withOpenAI(baseURL, order));
    return { audio: audio.toString("base64") };
  } catch (error) {
    return { error: error.constructor.name, status: error.status ?? error.statusCode ?? null, message: error.message };
  }
}

const answers = [];
for (const order of JSON.parse(orders)) answers.push(await answer(order));
const { version } = JSON.parse(await readFile(`node_modules/${client}/package.json`, "utf8"));
console.log("\n" + JSON.stringify({ version, answers }));
