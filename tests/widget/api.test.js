import assert from "node:assert/strict";
import { test } from "node:test";
import { Chat, backoffMs, eventReader } from "../../widget/api.js";

class Store {
  #kept = new Map();
  getItem = (key) => this.#kept.get(key) ?? null;
  setItem = (key, value) => this.#kept.set(key, value);
  removeItem = (key) => this.#kept.delete(key);
  get size() {
    return this.#kept.size;
  }
}

const json = (status, body, headers = {}) => new Response(body && JSON.stringify(body), { status, headers });

/** A chat whose server answers each POST /messages by the next of `answers` (an Error is a lost line). Waits below `mostMs` end at once, others never. */
function chatWith(answers, { stores = [new Store(), new Store()], mostMs = 20000 } = {}) {
  const asked = [];
  const waits = [];
  let id = 0;
  const fetch = async (url, { method, body, headers }) => {
    const path = url.replace("https://chat.example/webhooks/web", "");
    asked.push({ method, path, body: body && JSON.parse(body), headers });
    if (path === "/conversations") return json(201, { token: `t${asked.length}`, renew_after: "2999-01-01T00:00:00Z" });
    if (method === "GET") return new Promise(() => {});
    if (method === "DELETE") return json(200, {});
    const next = answers.shift();
    if (next instanceof Error) throw next;
    if (next) return next;
    const { client_message_id, text, title } = JSON.parse(body);
    return json(200, { messages: [{ id: ++id, sender: "caregiver", client_message_id, text: text ?? title }, { id: ++id, sender: "bot", text: "a" }] });
  };
  const timer = (act, ms) => {
    waits.push(ms);
    return ms >= mostMs ? undefined : setTimeout(act, 0);
  };
  const chat = new Chat({ server: "https://chat.example", stores, fetch, timer, onChange: () => {} });
  const posts = () => asked.filter(({ path }) => path === "/messages").map(({ body }) => body);
  return { chat, asked, posts, waits, stores };
}

const settle = () => new Promise((done) => setTimeout(done, 40));
const texts = ({ state }) => state.messages.map(({ text, status }) => (status ? `${text} ${status}` : text));

test("events are read whatever the pieces they come in", () => {
  const stream = ': hello\n\nevent: message\r\nid: 7\r\ndata: {"a": 1}\r\n\r\nevent: state\ndata: x\ndata: y\n\nid: 8\n\n';
  for (const size of [1, 2, 3, 7, 1000]) {
    const events = [];
    const read = eventReader((event) => events.push(event));
    for (let i = 0; i < stream.length; i += size) read(stream.slice(i, i + size));
    assert.deepEqual(events, [{ type: "message", id: "7", data: '{"a": 1}' }, { type: "state", data: "x\ny" }], `pieces of ${size}`);
  }
});

test("waits double up to half a minute", () => {
  for (const [failures, most] of [[1, 1000], [2, 2000], [20, 30000]]) {
    const ms = backoffMs(failures);
    assert.ok(ms >= most / 2 && ms <= most, `${ms}`);
  }
});

test("no conversation is started before something is said", async () => {
  const { chat, asked } = chatWith([]);
  chat.listen();
  await settle();
  assert.deepEqual(asked, []);
  chat.say({ text: "hello" });
  await settle();
  assert.deepEqual(asked.slice(0, 2).map(({ path }) => path), ["/conversations", "/messages"]);
  assert.equal(asked[1].headers.Authorization, "Bearer t1");
  assert.deepEqual(texts(chat), ["hello", "a"]);
});

test("a lost line keeps what was written, in order, under the same key", async () => {
  const { chat, posts } = chatWith([new Error("off"), new Error("off")]);
  chat.say({ text: "one" });
  chat.say({ text: "two" });
  await settle();
  assert.deepEqual(posts().map((p) => p.text), ["one", "one", "one", "two"]);
  assert.equal(new Set(posts().slice(0, 3).map((p) => p.client_message_id)).size, 1);
  assert.ok(chat.state.isOnline);
});

test("a server that is busy is asked again after the time it names", async () => {
  const { chat, posts, waits } = chatWith([json(429, { detail: "slow down" }, { "retry-after": "7" })]);
  chat.say({ text: "one" });
  await settle();
  assert.equal(posts().length, 2);
  assert.ok(waits.includes(7000));
});

test("a server that stays busy is given up on with its own words", async () => {
  const { chat, posts } = chatWith([1, 2, 3, 4].map(() => json(503, { detail: "not ready" })));
  chat.say({ text: "one" });
  await settle();
  assert.equal(posts().length, 4);
  assert.deepEqual(chat.state.messages.map(({ status, detail }) => [status, detail]), [["failed", "not ready"]]);
});

test("an error is shown at once, because it says where to call, and can be tried again", async () => {
  const { chat, posts } = chatWith([json(500, { detail: "call 112" })]);
  chat.say({ text: "one" });
  await settle();
  assert.equal(posts().length, 1);
  chat.retry(chat.state.messages[0]);
  await settle();
  assert.equal(posts()[0].client_message_id, posts()[1].client_message_id);
  assert.deepEqual(texts(chat), ["one", "a"]);
});

test("a message that was accepted and never came back goes out again under the same key", async () => {
  const { chat, posts } = chatWith([json(202, { accepted: true, messages: [], cursor: 0 })], { mostMs: Infinity });
  chat.say({ text: "one" });
  await settle();
  assert.deepEqual(posts().map((p) => p.text), ["one", "one"]);
  assert.equal(posts()[0].client_message_id, posts()[1].client_message_id);
  assert.deepEqual(texts(chat), ["one", "a"]);
});

test("a message that was accepted goes out once when it comes back or the chat was left", async () => {
  for (const end of ["answered", "left"]) {
    const late = [];
    const answers = [json(202, { accepted: true, messages: [], cursor: 0 })];
    const { chat, posts } = chatWith(answers);
    chat.timer = (act, ms) => void (ms === 60000 && late.push(act));
    chat.say({ text: "one" });
    await settle();
    answers.push(json(200, { messages: [{ id: 1, sender: "caregiver", client_message_id: posts()[0].client_message_id, text: "one" }, { id: 2, sender: "bot", text: "a" }] }));
    if (end === "left") chat.leave();
    else chat.say({ text: "two" });
    await settle();
    assert.equal(late.length, 1);
    late[0]();
    await settle();
    assert.equal(posts().filter((p) => p.text === "one").length, 1, end);
  }
});

test("a button that is no longer offered is asked in its words", async () => {
  const { chat, posts } = chatWith([json(409, {})]);
  chat.say({ payload: "/x", title: "Colds" });
  await settle();
  assert.deepEqual(posts().map(({ payload, title, text }) => [payload, title, text]), [["/x", "Colds", undefined], [undefined, undefined, "Colds"]]);
});

test("a dead token leads to a new chat and nothing is lost", async () => {
  const { chat, asked } = chatWith([null, json(401, {})]);
  chat.say({ text: "one" });
  await settle();
  chat.say({ text: "two" });
  await settle();
  assert.equal(asked.filter(({ path }) => path === "/conversations").length, 2);
  assert.deepEqual(texts(chat), ["two", "a"]);
  assert.equal(chat.state.notice, "expired");
});

test("only the token and its dates are kept, in the tab unless asked otherwise", async () => {
  const { chat, stores } = chatWith([]);
  chat.say({ text: "secret words" });
  await settle();
  assert.deepEqual(stores.map((s) => s.size), [1, 0]);
  assert.ok(!stores[0].getItem(chat.key).includes("secret"));
  chat.remember(true);
  assert.deepEqual(stores.map((s) => s.size), [0, 1]);
  chat.remember(false);
  assert.deepEqual(stores.map((s) => s.size), [1, 0]);
  chat.leave();
  assert.deepEqual(stores.map((s) => s.size), [0, 0]);
});

test("leaving drops what was not sent yet", async () => {
  const { chat, posts } = chatWith([new Error("off")]);
  chat.say({ text: "one" });
  chat.leave();
  await settle();
  assert.deepEqual(chat.state.messages, []);
  assert.ok(posts().length <= 1);
});

test("storage that is forbidden or spoilt does no harm", async () => {
  const broken = { getItem: () => "{", setItem: () => { throw new Error("full"); }, removeItem: () => { throw new Error("no"); } };
  const { chat } = chatWith([], { stores: [null, broken] });
  chat.say({ text: "one" });
  await settle();
  assert.deepEqual(texts(chat), ["one", "a"]);
});
