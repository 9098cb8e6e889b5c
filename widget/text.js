// Words in, words out: how a message's text is cut up, spoken and linked.

export const MAX_LENGTH = 2000;

/** Characters as the server counts them: an emoji is one. */
export const lengthOf = (text) => [...text].length;

/** Paragraphs and lists of a text: [{list: false, lines}, {list: true, lines}]. */
export function blocks(text) {
  const found = [];
  for (const part of String(text ?? "").split(/\n\s*\n/)) {
    let block = null;
    for (const line of part.split("\n").map((l) => l.trim())) {
      if (!line) continue;
      const list = /^[-•] /.test(line);
      if (block?.list !== list) found.push((block = { list, lines: [] }));
      block.lines.push(list ? line.slice(2) : line);
    }
  }
  return found;
}

/** Only web addresses become links. */
export function safeUrl(url) {
  try {
    const { protocol, href } = new URL(url);
    return protocol === "https:" || protocol === "http:" ? href : null;
  } catch {
    return null;
  }
}

/** Digits, and a plus in front, for a tel: link; null when nothing is left to call. */
export function safeTel(number) {
  const digits = String(number ?? "").replace(/(?!^)\+|[^\d+]/g, "");
  return /\d/.test(digits) ? `tel:${digits}` : null;
}

export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

/** Who speaks, in words. */
export function speaker(message, t) {
  const { name, role } = message.payload?.author ?? {};
  if (message.sender === "caregiver") return t.you;
  if (message.sender !== "staff") return t.name;
  return [name || t.staff, role].filter(Boolean).join(", ");
}

/** What a screen reader is told of a new message. */
export function spoken(message, t) {
  const payload = message.payload ?? {};
  const choices = [...(payload.buttons ?? []), ...(payload.related ?? [])].map((b) => b.title);
  const phones = (payload.phones ?? []).map((p) => `${p.label}: ${p.number}`);
  const parts = [payload.title, payload.text ?? message.text, payload.disclaimer, ...phones];
  if (choices.length) parts.push(`${t.choices}: ${choices.join("; ")}`);
  return fill(t.says, { who: speaker(message, t), text: parts.filter(Boolean).join(". ").replace(/\s+/g, " ") });
}
