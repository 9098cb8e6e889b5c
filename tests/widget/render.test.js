import assert from "node:assert/strict";
import { test } from "node:test";
import { textsFor } from "../../widget/locales.js";
import { blocks, fill, lengthOf, nearestFirst, safeTel, safeUrl, spoken } from "../../widget/render.js";

test("paragraphs and lists are told apart", () => {
  assert.deepEqual(blocks("One\ntwo.\n\nUse:\n- a\n- b\n\n\n- c"), [
    { isList: false, lines: ["One", "two."] },
    { isList: false, lines: ["Use:"] },
    { isList: true, lines: ["a", "b"] },
    { isList: true, lines: ["c"] },
  ]);
  assert.deepEqual(blocks(undefined), []);
});

test("only web addresses become links", () => {
  assert.equal(safeUrl("https://example.org/a"), "https://example.org/a");
  for (const url of ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", " \tjavascript:x", "//example.org", "", undefined, null, {}])
    assert.equal(safeUrl(url), null, String(url));
});

test("only digits and a plus in front are called", () => {
  assert.equal(safeTel("+44 116-123"), "tel:+44116123");
  assert.equal(safeTel("116 123"), "tel:116123");
  for (const number of ["javascript:x", "", undefined, "+"]) assert.equal(safeTel(number), null, String(number));
});

test("what is related is named once", () => {
  const payload = { text: "A.", buttons: [{ title: "R" }, { title: "Talk to a person" }], related: [{ title: "R" }] };
  assert.match(spoken({ sender: "bot", payload }, textsFor("en")), /Choices: Talk to a person; R$/);
});

test("the number of the region stands first, and none is left out", () => {
  const phones = ["EU, India", "UK", "Ireland", "US, Canada", "Australia"].map((of) => ({ label: `Emergency (${of})` }));
  const first = { "Europe/London": "UK", "Europe/Dublin": "Ireland", "Europe/Rome": "EU, India", "Asia/Kolkata": "EU, India", "America/Toronto": "US, Canada", "Australia/Perth": "Australia" };
  for (const [zone, of] of Object.entries(first)) {
    const sorted = nearestFirst(phones, zone);
    assert.equal(sorted[0].label, `Emergency (${of})`, zone);
    assert.equal(sorted.length, phones.length);
  }
  for (const zone of ["UTC", "", "Asia/Tokyo"]) assert.deepEqual(nearestFirst(phones, zone), phones);
});

test("an emoji counts as one character", () => {
  assert.equal(lengthOf("a😀"), 2);
});

test("values are filled in as they are", () => {
  assert.equal(fill("{who} says: {text}", { who: "A", text: "{who} $& $1" }), "A says: {who} $& $1");
});

test("a message is spoken with its speaker, numbers and choices", () => {
  const payload = { title: "T", text: "One.\n\nTwo.", phones: [{ label: "UK", number: "999" }], buttons: [{ title: "B" }], related: [{ title: "R" }] };
  assert.equal(spoken({ sender: "bot", payload }, textsFor("en")), "SMA Companion says: T. One. Two. UK: 999. Choices: B; R");
  const staff = { sender: "staff", text: "Hi", payload: { author: { name: "N", role: "nurse" } } };
  assert.equal(spoken(staff, textsFor("en")), "N, nurse says: Hi");
});
