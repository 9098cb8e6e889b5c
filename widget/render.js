// Turns one message into nodes. Only text nodes and checked links: nothing written by anybody becomes markup.
import { button, h, hidden, icon } from "./dom.js";
import { blocks, fill, safeTel, safeUrl, speaker } from "./text.js";

const RATED = new Set(["answer", "unsure", "out_of_scope", "clinical_decision"]);

/** Paragraphs and lists. */
export const prose = (text) =>
  blocks(text).map(({ list, lines }) =>
    list
      ? h("ul", {}, lines.map((line) => h("li", { dir: "auto" }, line)))
      : h("p", {}, lines.flatMap((line, i) => (i ? [h("br"), line] : [line]))),
  );

/** `**words**` of our own texts in bold, `{call}` replaced by `node`. */
export const strongProse = (text, node) =>
  h("p", {}, text.split(/(\*\*.+?\*\*|\{call\})/).map((part) =>
    part === "{call}" ? node : part.startsWith("**") ? h("strong", {}, part.slice(2, -2)) : part));

export const outside = (href, t, ...children) =>
  h("a", { href, target: "_blank", rel: "noopener noreferrer" }, ...children, hidden(` (${t.newTab})`));

/** Choices that stay readable after use; the chosen ones get a tick. */
export function choices(items, onChoose, t, label) {
  const list = h("ul", { class: "choices", "aria-label": label });
  const entries = items.map(({ title, ...rest }) => {
    const tick = h("span", { class: "tick", hidden: true }, icon("check"), hidden(` (${t.chosen})`));
    const node = h("button", { type: "button", class: "choice", dir: "auto", onclick: () => onChoose({ title, ...rest }) }, title, tick);
    list.append(h("li", {}, node));
    return { title, tick, node };
  });
  const update = (chosen) => {
    for (const { title, tick, node } of entries) {
      tick.hidden = !chosen.has(title);
      node.classList.toggle("is-chosen", chosen.has(title));
    }
  };
  return { node: list, update };
}

const source = (t) => ({ title, publisher, year, url }) => {
  const href = safeUrl(url);
  const about = [publisher, year].filter(Boolean).join(", ");
  return h("li", {}, href ? outside(href, t, title || href) : title, about && h("span", { class: "muted" }, ` ${about}`));
};

const review = ({ review_status, reviewed, as_of }, t, date) => {
  const isApproved = review_status === "approved" && reviewed;
  const parts = [
    review_status && h("span", { class: isApproved ? "" : "draft" }, isApproved ? fill(t.reviewed, { date: date(reviewed) }) : t.notReviewed),
    as_of && h("span", {}, fill(t.asOf, { date: date(as_of) })),
  ];
  return parts.some(Boolean) && h("p", { class: "review" }, parts);
};

const phones = (list, t) =>
  h("ul", { class: "phones" }, list.map(({ label, number, tel }) => {
    const href = safeTel(tel || number);
    const words = [h("strong", {}, fill(t.call, { number })), h("span", {}, label)];
    return h("li", {}, href ? h("a", { class: "phone", href }, icon("phone"), words) : h("p", {}, words));
  }));

/** Thumbs with an optional reason; keeps its own state so that focus stays where it is. */
function feedback(message, { t, onRate }) {
  const status = h("p", { class: "muted", role: "status" });
  const input = h("input", { type: "text", maxlength: 500, "aria-label": t.reasonAsk, placeholder: t.reasonAsk });
  const reason = h("form", { class: "reason", hidden: true }, input, button("small", t.reasonSend, null, { type: "submit" }));
  const rate = async (helpful, why) => {
    for (const [node, value] of [[yes, true], [no, false]]) node.setAttribute("aria-pressed", String(value === helpful));
    try {
      await onRate(message.id, helpful, why);
      reason.hidden = helpful || Boolean(why);
      status.textContent = reason.hidden ? t.thanks : "";
    } catch {
      status.textContent = t.feedbackFailed;
    }
  };
  const thumb = (className, text, helpful) => button(`thumb ${className}`, ["up", text], () => rate(helpful), { "aria-pressed": "false" });
  const yes = thumb("", t.yes, true);
  const no = thumb("no", t.no, false);
  reason.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!input.value.trim()) return;
    rate(false, input.value.trim());
    no.focus(); // the form goes away
  });
  return h("div", { class: "feedback" }, h("div", { class: "thumbs", role: "group", "aria-label": t.helpfulAsk }, h("span", { class: "muted" }, t.helpfulAsk), yes, no), reason, status);
}

const meta = (message, { t, time }) => {
  const { author } = message.payload ?? {};
  const isStaff = message.sender === "staff";
  return h("p", { class: "meta" },
    isStaff && h("span", { class: "avatar" }, icon("person")),
    h("span", { class: "who", dir: "auto" }, isStaff ? author?.name || t.staff : speaker(message, t)),
    isStaff && author?.role && h("span", { class: "role", dir: "auto" }, author.role),
    message.at && h("time", { datetime: message.at }, time(message.at)));
};

function ownMessage(message, context) {
  const { t, onRetry } = context;
  const { status, detail } = message;
  const note = { sending: t.sending, waiting: t.sending, queued: t.queued, failed: detail || t.failed }[status];
  return [
    h("div", { class: "bubble", dir: "auto" }, prose(message.text)),
    meta(message, context),
    note && h("p", { class: `status ${status}` }, note, status === "failed" && button("small", t.retry, () => onRetry(message))),
  ];
}

function theirMessage(message, context, parts) {
  const { t, onChoose, date } = context;
  const { payload = {} } = message;
  const kind = message.kind || payload.kind;
  const isUrgent = kind === "emergency" || kind === "crisis";
  const title = payload.title || (isUrgent && t[kind]);
  const say = (items, label) => {
    const made = choices(items, onChoose, t, label);
    parts.push(made);
    return made.node;
  };
  const card = h("div", { class: "bubble", dir: payload.rtl ? "rtl" : null, lang: payload.language },
    title && h("h3", {}, isUrgent && icon(kind === "crisis" ? "heart" : "phone"), title),
    payload.phones?.length && isUrgent ? phones(payload.phones, t) : null,
    prose(payload.text ?? message.text),
    payload.phones?.length && !isUrgent ? phones(payload.phones, t) : null,
    payload.disclaimer && h("p", { class: "disclaimer" }, payload.disclaimer),
    payload.sources?.length ? h("div", { class: "sources" }, h("h4", {}, t.sources), h("ul", {}, payload.sources.map(source(t)))) : null,
    review(payload, t, date));
  return [
    meta(message, context),
    card,
    payload.buttons?.length ? say(payload.buttons, t.choices) : null,
    payload.related?.length
      ? h("div", { class: "related" }, h("h4", {}, t.related), say(payload.related.map(({ topic, title }) => ({ title, payload: `/choose_topic{"topic": ${JSON.stringify(topic)}}` })), t.related))
      : null,
    message.sender === "bot" && RATED.has(kind) && feedback(message, context),
  ];
}

/** {node, update(chosenTitles)} for one message. `context` has t, time, date, onChoose, onRate, onRetry. */
export function renderMessage(message, context) {
  const parts = [];
  const isOwn = message.sender === "caregiver";
  const kind = String(message.kind || message.payload?.kind || "").replace(/\W/g, "");
  const node = h("article", { class: `message ${isOwn ? "own" : "their"} ${message.sender === "staff" ? "staff" : ""} ${kind}`, "aria-label": speaker(message, context.t) },
    isOwn ? ownMessage(message, context) : theirMessage(message, context, parts));
  return { node, message, update: (chosen) => parts.forEach((part) => part.update(chosen)) };
}
