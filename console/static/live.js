// A page is told by Server-Sent Events that something changed, and fetches the changed part itself.
import { showLocalTimes } from "./times.js";

const RENEW_EVERY_MS = 4 * 60 * 1000;

async function fetchPart(address) {
  const answer = await fetch(address, { headers: { accept: "text/html" } });
  if (!answer.ok || answer.redirected) return null;
  const part = new DOMParser().parseFromString(await answer.text(), "text/html");
  showLocalTimes(part);
  return part;
}

// Replaces an element and keeps the focus, and what stands open, where the reader left it.
function replace(id, part) {
  const old = document.getElementById(id);
  const fresh = part.getElementById(id);
  if (!old || !fresh) return;
  const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
  const open = new Set([...old.querySelectorAll("li[id] details[open]")].map((d) => keyOf(d)));
  for (const details of fresh.querySelectorAll("li[id] details")) details.open = open.has(keyOf(details));
  old.replaceWith(document.adoptNode(fresh));
  if (focused) document.getElementById(focused)?.focus();
}

function keyOf(details) {
  const item = details.closest("li[id]");
  return `${item.id}/${[...item.querySelectorAll("details")].indexOf(details)}`;
}

function say(text) {
  const place = document.getElementById("said");
  if (place) place.textContent = text;
}

function isUrgent() {
  return Boolean(document.getElementById("standing")?.classList.contains("is-urgent"));
}

function follow(address, onChange, onState) {
  const stream = new EventSource(address);
  let isFirst = true;
  let asked = Promise.resolve();
  stream.addEventListener("open", () => onState(true));
  stream.addEventListener("error", () => onState(false));
  stream.addEventListener("change", (event) => {
    const data = JSON.parse(event.data);
    const first = isFirst;
    isFirst = false;
    // One after the other, so that an older part never comes over a newer one.
    asked = asked.then(() => onChange(data, first)).catch(() => onState(false));
  });
  stream.addEventListener("signed-out", () => {
    stream.close();
    onState(false);
    say("You were signed out. Reload the page to sign in again.");
  });
}

export function followQueue(queue) {
  if (!queue) return;
  const title = document.title;
  const state = document.getElementById("live-state");
  follow(
    queue.dataset.events,
    async (data, first) => {
      document.title = data.waiting ? `(${data.waiting}) ${title}` : title;
      const part = await fetchPart(queue.dataset.part);
      if (part) replace("queue-rows", part);
      if (!first) say(`${data.waiting} waiting${data.urgent ? `, ${data.urgent} urgent` : ""}.`);
    },
    (isOn) => (state.textContent = isOn ? "Changes show by themselves." : "Not connected; trying again. Reload to be sure."),
  );
}

export function followConversation(conversation) {
  if (!conversation) return;
  let last = null;
  follow(
    conversation.dataset.events,
    async (data, first) => {
      const part = await fetchPart(conversation.dataset.part);
      if (!part) return;
      const before = document.getElementById("standing")?.querySelector("b")?.dataset.standing;
      const wasUrgent = isUrgent();
      replace("standing", part);
      replace("transcript", part);
      const after = document.getElementById("standing")?.querySelector("b")?.dataset.standing;
      if (before !== after) document.getElementById("stale").hidden = false;
      if (!first && isUrgent() && !wasUrgent) say("This conversation is urgent now: the bot has answered an emergency.");
      else if (!first && last !== null && data.last !== last) say("A new message has come in.");
      last = data.last;
    },
    () => {},
  );
  const { renew, csrf } = conversation.dataset;
  if (renew) {
    // While this page is open, the conversation stays with its reader.
    setInterval(() => fetch(renew, { method: "POST", headers: { "x-csrf-token": csrf } }).catch(() => {}), RENEW_EVERY_MS);
  }
}
