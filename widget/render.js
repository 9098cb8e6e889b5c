// Words into nodes. Text goes in as text, links are checked: nothing written becomes markup.

export const MAX_LENGTH = 2000;
const RATED = ["answer", "unsure", "out_of_scope", "clinical_decision"];
const PATHS = {
  chat: "M4 5h16v11H10l-5 4v-4H4z",
  close: "M6 6l12 12M18 6L6 18",
  menu: "M5 7h14M5 12h14M5 17h14",
  send: "M12 19V5M6 11l6-6 6 6",
  down: "M12 5v14M6 13l6 6 6-6",
  phone: "M6 3h4l1 5-2 2a11 11 0 0 0 5 5l2-2 5 1v4a2 2 0 0 1-2 2A16 16 0 0 1 4 5a2 2 0 0 1 2-2z",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c0-4 3-7 8-7s8 3 8 7",
  leave: "M14 4H5v16h9M10 12h10M16 8l4 4-4 4",
  check: "M5 13l4 4L19 7",
  up: "M7 11v9H4v-9zM7 11l4-8c2 0 3 1 2 6h6a2 2 0 0 1 2 2l-1 7a2 2 0 0 1-2 2H7",
};

// As the server counts: an emoji is one.
export const lengthOf = (text) => [...text].length;
export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

/** Paragraphs and lists of a text: [{isList, lines}]. */
export function blocks(text) {
  const found = [];
  for (const part of String(text ?? "").split(/\n\s*\n/)) {
    let block;
    for (const line of part.split("\n").map((l) => l.trim())) {
      const isList = line.startsWith("- ");
      if (line && block?.isList !== isList) found.push((block = { isList, lines: [] }));
      if (line) block.lines.push(isList ? line.slice(2) : line);
    }
  }
  return found;
}

export function safeUrl(url) {
  try {
    const { protocol, href } = new URL(url);
    return /^https?:$/.test(protocol) ? href : null;
  } catch {
    return null;
  }
}

export function safeTel(number) {
  const digits = String(number ?? "").replace(/(?!^)\+|[^\d+]/g, "");
  return /\d/.test(digits) ? `tel:${digits}` : null;
}

export function speaker({ sender, payload }, t) {
  if (sender === "caregiver") return t.you;
  return sender === "staff" ? payload?.author?.name || t.staff : t.name;
}

/** Related topics are among the buttons as well. */
const besideRelated = (buttons, related) => buttons?.filter(({ title }) => !related?.some((topic) => topic.title === title));

/** What a screen reader is told of a new message. */
export function spoken(message, t) {
  const { title, text, disclaimer, phones = [], buttons = [], related = [], author } = message.payload ?? {};
  const choices = [...besideRelated(buttons, related), ...related].map((choice) => choice.title).join("; ");
  const parts = [title, text ?? message.text, disclaimer, ...nearestFirst(phones).map((p) => `${p.label}: ${p.number}`), choices && `${t.choices}: ${choices}`];
  const who = [speaker(message, t), author?.role].filter(Boolean).join(", ");
  return fill(t.says, { who, text: parts.filter(Boolean).join(". ").replace(/\s+/g, " ").replace(/([.?!:])\./g, "$1") });
}

/** An element; what is null or false is left out. */
export function h(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value == null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(3).filter((child) => child != null && child !== false));
  return node;
}

export function icon(name) {
  const [svg, path] = ["svg", "path"].map((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag));
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

export const button = (className, name, text, onclick, props) =>
  h("button", { type: "button", class: className, onclick, ...props }, name && icon(name), h("span", {}, text));

const hidden = (text) => h("span", { class: "vh" }, text);

export const link = (href, t, text) =>
  h("a", { href, target: "_blank", rel: "noopener noreferrer" }, text, hidden(` (${t.newTab})`));

/** Choices that stay readable after use: {node, update(chosenTitles)}. */
export function choices(items, onChoose, t, label = t.choices) {
  const made = items.map((item) => {
    const tick = h("span", { hidden: true }, icon("check"), hidden(t.chosen));
    return { ...item, tick, node: h("button", { type: "button", class: "choice", dir: "auto", onclick: () => onChoose(item) }, item.title, tick) };
  });
  return {
    node: h("ul", { class: "choices", "aria-label": label }, made.map(({ node }) => h("li", {}, node))),
    update: (chosen) => {
      for (const { title, tick } of made) tick.hidden = !chosen.has(title);
    },
  };
}

const prose = (text) =>
  blocks(text).map(({ isList, lines }) =>
    isList ? h("ul", {}, lines.map((line) => h("li", {}, line))) : h("p", {}, lines.map((line, i) => [i > 0 && h("br"), line])));

function source({ title, publisher, year, url }, t) {
  const href = safeUrl(url);
  const about = [publisher, year].filter(Boolean).join(", ");
  return h("li", {}, href ? link(href, t, title || href) : title, about && h("span", { class: "muted" }, ` ${about}`));
}

function phone({ label, number, tel }, t) {
  const href = safeTel(tel || number);
  return h("li", {}, h(href ? "a" : "p", { class: "phone", href }, icon("phone"), h("strong", {}, fill(t.call, { number })), h("span", {}, label)));
}

// A guess, for the order only.
const ZONES = { London: "UK", Dublin: "Ireland", Auckland: "New Zealand", Kolkata: "India", Calcutta: "India", Europe: "EU", America: "US", Australia: "Australia" };

export function nearestFirst(phones, zone = new Intl.DateTimeFormat().resolvedOptions().timeZone ?? "") {
  const [area, city] = zone.split("/");
  const isNear = ({ label }) => label.includes(ZONES[city] ?? ZONES[area]);
  return [...phones].sort((a, b) => isNear(b) - isNear(a));
}

function review({ review_status, reviewed, as_of }, { t, date }) {
  const isApproved = review_status === "approved" && reviewed;
  return (review_status || as_of) && h("p", { class: "muted" },
    review_status && h("span", { class: isApproved ? null : "draft" }, isApproved ? fill(t.reviewed, { date: date(reviewed) }) : t.draft),
    review_status && as_of && " · ",
    as_of && fill(t.asOf, { date: date(as_of) }));
}

/** Thumbs with an optional reason; changed in place, so that focus stays. */
function feedback({ id }, { t, onRate }) {
  const status = h("p", { class: "muted", role: "status" });
  const input = h("input", { maxlength: 500, "aria-label": t.reason, placeholder: t.reason });
  const form = h("form", { class: "reason", hidden: true, onsubmit: (event) => {
    event.preventDefault();
    no.focus(); // the form goes away
    rate(false, input.value.trim());
  } }, input, button("small", null, t.send, null, { type: "submit" }));
  const rate = async (helpful, reason) => {
    yes.setAttribute("aria-pressed", helpful);
    no.setAttribute("aria-pressed", !helpful);
    try {
      await onRate(id, helpful, reason);
      form.hidden = helpful || reason !== undefined;
      status.textContent = form.hidden ? t.thanks : "";
    } catch {
      status.textContent = t.error;
    }
  };
  const yes = button("thumb", "up", t.yes, () => rate(true), { "aria-pressed": "false" });
  const no = button("thumb no", "up", t.no, () => rate(false), { "aria-pressed": "false" });
  return h("div", { class: "feedback" }, h("div", { class: "thumbs", role: "group", "aria-label": t.helpful }, h("span", { class: "muted" }, t.helpful), yes, no), form, status);
}

function own({ text, status, detail, key }, { t, onRetry }) {
  const hasFailed = status === "failed";
  const note = hasFailed ? detail || t.error : t[status];
  return [
    h("div", { class: "bubble", dir: "auto" }, prose(text)),
    note && h("p", { class: `note ${status}` }, note, hasFailed && button("small", null, t.retry, () => onRetry({ key, text }))),
  ];
}

function theirs({ payload = {}, text, sender, id }, kind, context, updates) {
  const { t, onChoose } = context;
  const { title, phones, disclaimer, sources, buttons, related, rtl, language } = payload;
  const isUrgent = ["emergency", "crisis"].includes(kind);
  const offer = (items, label) => {
    const { node, update } = choices(items, onChoose, t, label);
    updates.push(update);
    return node;
  };
  const rest = besideRelated(buttons, related);
  const heading = title || (isUrgent && t[kind]);
  return [
    h("div", { class: "bubble", dir: rtl ? "rtl" : "auto", lang: language },
      heading && h("h3", {}, heading),
      phones && h("ul", { class: "phones" }, nearestFirst(phones).map((p) => phone(p, t))),
      prose(payload.text ?? text),
      disclaimer && h("p", { class: "disclaimer" }, disclaimer),
      sources && h("div", {}, h("h4", {}, t.sources), h("ul", {}, sources.map((s) => source(s, t)))),
      review(payload, context)),
    rest?.length > 0 && offer(rest),
    related && [h("h4", { class: "related" }, t.related), offer(related.map(({ topic, title }) => ({ title, payload: `/choose_topic{"topic": ${JSON.stringify(topic)}}` })), t.related)],
    sender === "bot" && RATED.includes(kind) && feedback({ id }, context),
  ];
}

/** {node, message, update(chosenTitles)}. `context`: t, time, date, onChoose, onRate, onRetry. */
export function renderMessage(message, context) {
  const { sender, at, payload } = message;
  const kind = message.kind || payload?.kind;
  const isOwn = sender === "caregiver";
  const isStaff = sender === "staff";
  const who = speaker(message, context.t);
  const updates = [];
  const meta = h("p", { class: "meta" }, isStaff && icon("person"), h("strong", { dir: "auto" }, who), isStaff && payload?.author?.role && h("span", { dir: "auto" }, payload.author.role), h("time", { datetime: at }, context.time(at)));
  const node = h("article", { "aria-label": who }, meta, isOwn ? own(message, context) : theirs(message, kind, context, updates));
  node.classList.add("message", isOwn ? "own" : isStaff ? "staff" : "bot", ...[kind].filter((k) => /^\w+$/.test(k ?? "")));
  return { node, message, update: (chosen) => updates.forEach((update) => update(chosen)) };
}
