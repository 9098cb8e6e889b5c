// Sizes and integrity hashes of what an embedding page loads.
//   node tests/widget/measure.mjs           prints them
//   node tests/widget/measure.mjs --write   also writes them into docs/widget.md
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const WIDGET = new URL("../../widget/", import.meta.url);
const DOC = new URL("../../docs/widget.md", import.meta.url);
const PAGES = /^(demo|hostile)\./; // pages around the widget, not part of it

export const LIMIT_BYTES = 20 * 1024;
export const [START, END] = ["<!-- files: node tests/widget/measure.mjs --write -->", "<!-- end of files -->"];

export function measure() {
  return readdirSync(WIDGET)
    .filter((name) => /\.(js|css)$/.test(name) && !PAGES.test(name))
    .sort()
    .map((name) => {
      const bytes = readFileSync(new URL(name, WIDGET));
      const hash = createHash("sha384").update(bytes).digest("base64");
      return { name, bytes: bytes.length, gzipped: gzipSync(bytes, { level: 9 }).length, integrity: `sha384-${hash}` };
    });
}

export function table(files) {
  const rows = files.map(({ name, gzipped, integrity }) => `| \`${name}\` | ${gzipped} | \`${integrity}\` |`);
  const total = files.reduce((sum, { gzipped }) => sum + gzipped, 0);
  return ["| file | bytes gzipped | integrity |", "| --- | --- | --- |", ...rows, `| all | ${total} | |`].join("\n");
}

/** The part of docs/widget.md between the two comments. */
export function documented() {
  const text = readFileSync(DOC, "utf8");
  return text.slice(text.indexOf(START) + START.length, text.indexOf(END)).trim();
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const files = measure();
  for (const { name, bytes, gzipped } of files) console.log(`${name.padEnd(14)} ${bytes} bytes, ${gzipped} gzipped`);
  console.log(`widget         ${files.reduce((sum, f) => sum + f.gzipped, 0)} gzipped of ${LIMIT_BYTES}`);
  if (process.argv.includes("--write")) {
    const text = readFileSync(DOC, "utf8");
    const [before, rest] = text.split(START);
    writeFileSync(DOC, `${before}${START}\n${table(files)}\n${END}${rest.split(END)[1]}`);
  }
}
