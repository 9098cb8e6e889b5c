import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { LOCALES, textsFor } from "../../widget/locales.js";

const WIDGET = new URL("../../widget/", import.meta.url);
const places = (text) => JSON.stringify([...String(text).matchAll(/\{\w+\}/g)].map(String).sort());

test("every language has every text, with the same places to fill", () => {
  for (const [lang, texts] of Object.entries(LOCALES)) {
    assert.deepEqual(Object.keys(texts).sort(), Object.keys(LOCALES.en).sort(), lang);
    for (const [name, text] of Object.entries(texts)) {
      assert.ok(text.length, `${lang}.${name} is empty`);
      assert.equal(places(text), places(LOCALES.en[name]), `${lang}.${name}`);
    }
  }
});

test("every text is used, and every text that is used exists", () => {
  const code = ["api.js", "render.js", "widget.js"].map((name) => readFileSync(new URL(name, WIDGET), "utf8")).join("\n");
  const byName = ["emergency", "crisis", "sending", "queued", "forgotten", "erased", "expired"]; // t[kind], t[status], t[notice]
  for (const name of Object.keys(LOCALES.en)) assert.ok(byName.includes(name) || new RegExp(`\\bt\\.${name}\\b`).test(code), `${name} is not used`);
  for (const [, name] of code.matchAll(/\bt\.(\w+)\b/g)) assert.ok(name in { ...LOCALES.en, lang: 1 }, `${name} is missing`);
});

test("the first language that is known is taken, and English otherwise", () => {
  assert.equal(textsFor("xx", "es-MX", "en").lang, "es");
  assert.equal(textsFor(null, "", undefined).lang, "en");
});

test("no file of the widget makes markup, styles or code from text", () => {
  for (const name of readdirSync(WIDGET).filter((n) => n.endsWith(".js"))) {
    const code = readFileSync(new URL(name, WIDGET), "utf8");
    assert.doesNotMatch(code, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser|createContextualFragment/, name);
    assert.doesNotMatch(code, /setAttribute\("style|style: /, name);
  }
});
