// What the chat looks like, as a value: no browser, no clock, no network.

export const emptyChat = () => ({
  messages: [], // stored ones by id, then those on their way
  cursor: 0,
  withStaff: false,
  waiting: false,
  isOnline: true,
  inFlight: null, // client_message_id being sent
  isAccepted: false, // taken by the server, the reply is still to come
  mark: null, // the person has read up to this id; a line is drawn after it
  notice: null,
});

const keyOf = (message) => message.client_message_id || `id-${message.id}`;

/** Stored messages rise by id; those without one come last, in the order they were written. */
const order = (a, b) => (a.id ?? Infinity) - (b.id ?? Infinity) || (a.order ?? 0) - (b.order ?? 0);

export const lastId = (chat) => chat.messages.reduce((last, { id }) => Math.max(last, id ?? 0), 0);
export const isAwaiting = (chat) => !chat.withStaff && (chat.inFlight !== null || chat.isAccepted);
export const unreadCount = (chat, seen) =>
  chat.messages.filter(({ id, sender }) => id > seen && sender !== "caregiver").length;

/** The titles under `message` that were chosen later on; told from what the caregiver then said. */
export function chosenTitles(chat, message) {
  const later = chat.messages.filter((m) => m.sender === "caregiver" && (m.id ?? Infinity) > (message.id ?? 0));
  return new Set(later.map((m) => m.text));
}

function receive(chat, { messages = [], cursor, ...flags }) {
  const next = { ...chat };
  const known = new Set(chat.messages.filter((m) => m.id).map((m) => m.id));
  const fresh = messages.filter((m) => m && Number.isInteger(m.id) && !known.has(m.id) && known.add(m.id));
  if (fresh.length) {
    const byKey = new Map(chat.messages.map((m) => [m.key, m]));
    for (const message of fresh) {
      const key = keyOf(message);
      byKey.set(key, { ...message, key });
    }
    next.messages = [...byKey.values()].sort(order);
    if (fresh.some((m) => m.sender !== "caregiver")) next.isAccepted = false;
  }
  if (cursor > chat.cursor) next.cursor = cursor;
  if ("with_staff" in flags) next.withStaff = Boolean(flags.with_staff);
  if ("waiting" in flags) next.waiting = Boolean(flags.waiting);
  return next;
}

function setStatus(chat, { key, status, detail }) {
  const messages = chat.messages.map((m) => (m.key === key && !m.id ? { ...m, status, detail } : m));
  return { ...chat, messages, inFlight: status === "sending" || status === "waiting" ? key : null };
}

/** The chat after `action`; the chat given is left as it was. */
export function reduce(chat, action) {
  switch (action.type) {
    case "write": {
      const { key, text, at } = action;
      const order = chat.messages.length;
      const message = { key, client_message_id: key, sender: "caregiver", text, at, status: "sending", order };
      return { ...chat, messages: [...chat.messages, message], mark: null, notice: null };
    }
    case "status":
      return setStatus(chat, action);
    case "accepted":
      return { ...chat, inFlight: null, isAccepted: !chat.withStaff };
    case "gave-up":
      return { ...chat, isAccepted: false };
    case "receive":
      return receive(chat, action);
    case "online":
      return chat.isOnline === action.isOnline ? chat : { ...chat, isOnline: action.isOnline };
    case "mark":
      return chat.mark === null ? { ...chat, mark: action.id } : chat;
    case "reset": {
      const kept = action.keepPending ? chat.messages.filter((m) => !m.id) : [];
      return { ...emptyChat(), isOnline: chat.isOnline, messages: kept, notice: action.notice ?? null };
    }
    default:
      throw new Error(`there is no action ${action.type}`);
  }
}

/** `dayOf(at)` names a message's day; gives the lines of the log: day, new and message rows. */
export function rows(chat, dayOf) {
  const lines = [];
  let day;
  let isMarked = chat.mark === null;
  for (const message of chat.messages) {
    const itsDay = dayOf(message.at);
    if (itsDay !== day) lines.push({ type: "day", key: `day-${itsDay}-${message.key}`, at: message.at });
    day = itsDay;
    if (!isMarked && message.id > chat.mark && message.sender !== "caregiver") {
      isMarked = true;
      lines.push({ type: "new", key: "new" });
    }
    lines.push({ type: "message", key: message.key, message });
  }
  return lines;
}
