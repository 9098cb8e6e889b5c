import assert from "node:assert/strict";
import { test } from "node:test";
import { chosenTitles, emptyChat, isAwaiting, lastId, newsSince, reduce, rows } from "../../widget/store.js";

const said = (id, text = "q", key) => ({ id, at: `2026-11-22T09:00:0${id}Z`, sender: "caregiver", text, client_message_id: key });
const reply = (id, more) => ({ id, at: `2026-11-22T09:00:0${id}Z`, sender: "bot", kind: "answer", text: "a", ...more });
const after = (...actions) => actions.reduce(reduce, emptyChat());
const write = (key, text = "q") => ({ type: "write", key, text, at: "2026-11-22T09:00:00Z" });
const ids = (chat) => chat.messages.map((m) => m.id ?? m.key);

test("a message is shown before it is stored, and the stored one takes its place", () => {
  const chat = after(write("k"), { type: "receive", messages: [said(1, "redacted", "k"), reply(2)] });
  assert.deepEqual(ids(chat), [1, 2]);
  assert.equal(chat.messages[0].text, "redacted");
});

test("what comes twice is shown once", () => {
  const page = { type: "receive", messages: [said(1, "q", "k"), reply(2)], cursor: 2 };
  const chat = after(page, page);
  assert.deepEqual(ids(chat), [1, 2]);
});

test("nothing new leaves the list of messages as it is", () => {
  const page = { type: "receive", messages: [reply(2)] };
  const chat = after(page);
  assert.equal(reduce(chat, page).messages, chat.messages);
});

test("stored messages rise by id and unsent ones stay last in their order", () => {
  const chat = after(write("b"), write("a"), { type: "receive", messages: [reply(9)] }, { type: "receive", messages: [reply(4)] });
  assert.deepEqual(ids(chat), [4, 9, "b", "a"]);
});

test("the cursor never goes back", () => {
  assert.equal(after({ type: "receive", cursor: 9 }, { type: "receive", cursor: 4 }).cursor, 9);
});

test("messages without a whole number as id are not taken in", () => {
  assert.deepEqual(ids(after({ type: "receive", messages: [reply("1"), reply(undefined)] })), []);
});

test("a reducer leaves the chat it was given alone", () => {
  const chat = Object.freeze({ ...emptyChat(), messages: Object.freeze([]) });
  reduce(chat, write("k"));
  assert.deepEqual(chat.messages, []);
});

test("one is waiting for a reply while sending and until an accepted turn is answered", () => {
  let chat = after(write("k"), { type: "status", key: "k", status: "sending" });
  assert.ok(isAwaiting(chat));
  chat = reduce(chat, { type: "status", key: "k", status: "sent" });
  assert.ok(!isAwaiting(chat));
  chat = reduce(chat, { type: "accepted", isAccepted: true });
  assert.ok(isAwaiting(chat));
  assert.ok(!isAwaiting(reduce(chat, { type: "receive", messages: [reply(2)] })));
});

test("the bot is not awaited while staff hold the chat", () => {
  assert.ok(!isAwaiting(after({ type: "receive", with_staff: true }, write("k"), { type: "status", key: "k", status: "sending" })));
});

test("the choice that was made is told from what was said after it", () => {
  const chat = after({ type: "receive", messages: [said(1, "Colds"), reply(2), said(3, "None of these")] });
  assert.deepEqual([...chosenTitles(chat, 2)], ["None of these"]);
});

test("days are separated and the first unread message is marked once", () => {
  const messages = [{ ...reply(1), at: "2026-11-21T09:00:00Z" }, reply(2), reply(3)];
  const chat = after({ type: "receive", messages }, { type: "mark", id: 1 }, { type: "mark", id: 2 });
  const shown = rows(chat, (at) => at.slice(0, 10)).map(({ type, message }) => message?.id ?? type);
  assert.deepEqual(shown, ["day", 1, "day", "new", 2, 3]);
});

test("unread are those of others only", () => {
  const chat = after({ type: "receive", messages: [reply(1), said(2), reply(3)] });
  assert.deepEqual(newsSince(chat, 1).map((m) => m.id), [3]);
  assert.equal(lastId(chat), 3);
});

test("a reset forgets, and keeps unsent messages when asked", () => {
  const chat = after({ type: "receive", messages: [reply(1)], cursor: 1 }, write("k"));
  assert.deepEqual(ids(reduce(chat, { type: "reset" })), []);
  assert.deepEqual(ids(reduce(chat, { type: "reset", keepPending: true })), ["k"]);
  assert.equal(reduce(chat, { type: "reset" }).cursor, 0);
});
