// Visits the console with Debian's Firefox and prints in JSON what was heard, shown, asked for and complained of.
// Playwright drives a Firefox of its own only. Arguments: the program, the page, the script that listens, a text with a
// pause, how often to have that spoken, and a long text.
import puppeteer from "puppeteer-core";

const [firefox, url, listen, paused, tries, long] = process.argv.slice(2);
const AUDIBLE = 0.05;
const DEADLINE_MS = 60_000;

const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath: firefox,
  // Machines that test have no sound card.
  extraPrefsFirefox: { "media.cubeb.force_mock_context": true },
});
try {
  console.log(JSON.stringify(await visited(await browser.newPage())));
} finally {
  await browser.close();
}

async function visited(page) {
  const complaints = [];
  const asked = [];
  page.on("console", (said) => ["error", "warn"].includes(said.type()) && complaints.push(said.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => asked.push(request.url()));
  await page.evaluateOnNewDocument(listen);
  await page.goto(url);
  await page.waitForSelector(".editor");
  const takesMp3 = await page.evaluate(() => MediaSource.isTypeSupported("audio/mpeg"));
  await page.click(".speak");
  await until(page, (level) => window.heard.some(([, heard]) => heard > level), AUDIBLE);
  await page.keyboard.press("Escape");
  const readAlong = [];
  for (let each = 0; each < Number(tries); each += 1) readAlong.push(await spoken(page));
  return { takesMp3, readAlong, stopped: await stopped(page), complaints, asked };
}

async function spoken(page) {
  await write(page, paused);
  await page.evaluate(() => (window.heard.length = window.marked.length = 0));
  await page.click(".speak");
  await until(page, () => window.marked.some(([, word]) => word.startsWith("four")));
  const told = await page.evaluate(() => [window.heard, window.marked]);
  await page.keyboard.press("Escape");
  return told;
}

/** What was heard, and when Stop was clicked. */
async function stopped(page) {
  await write(page, long);
  await page.evaluate(() => (window.heard.length = 0));
  await page.click(".speak");
  await until(page, (level) => window.heard.some(([, heard]) => heard > level), AUDIBLE);
  await page.evaluate(() => addEventListener("click", () => (window.clicked = performance.now()), true));
  await page.click(".speak.stop");
  await until(page, () => window.heard.filter(([at]) => at > window.clicked).length > 50);
  return page.evaluate(() => [window.heard, window.clicked]);
}

async function write(page, text) {
  const change = (area, written) => {
    area.value = written;
    area.dispatchEvent(new Event("input", { bubbles: true }));
  };
  await page.$eval(".editor textarea", change, text);
}

async function until(page, condition, ...given) {
  const end = Date.now() + DEADLINE_MS;
  while (!(await page.evaluate(condition, ...given))) {
    if (Date.now() > end) throw new Error(`still not: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
