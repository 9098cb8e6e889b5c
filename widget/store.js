// What the chat looks like, as a value: no browser, no clock, no network.

export const emptyChat = () => ({
  messages: [], // stored ones by id, then those on their way
  cursor: 0,
  isOnline: true,
  inFlight: null, // key of the message being sent
  isAccepted: false, // taken by the server, the reply is still to come
  mark: null, // read up to this id; a line is drawn after it
});

export const keyOf = (message) => message.client_message_id || `id-${message.id}`;
export const lastId = ({ messages }) => messages.reduce((last, { id }) => Math.max(last, id ?? 0), 0);
export const isAwaiting = (chat) => !chat.with_staff && Boolean(chat.inFlight || chat.isAccepted);
export const newsSince = ({ messages }, seen) => messages.filter(({ id, sender }) => id > seen && sender !== "caregiver");

// Told from what the caregiver said after the message.
export const chosenTitles = ({ messages }, id = 0) =>
  new Set(messages.filter((m) => m.sender === "caregiver" && (m.id ?? Infinity) > id).map((m) => m.text));

function receive(chat, { type, messages = [], cursor = 0, ...flags }) {
  const byKey = new Map(chat.messages.map((m) => [m.key, m]));
  let { isAccepted } = chat;
  for (const message of messages) {
    const key = keyOf(message);
    if (!Number.isInteger(message.id) || byKey.get(key)?.id) continue;
    byKey.set(key, { ...message, key });
    if (message.sender !== "caregiver") isAccepted = false;
  }
  const all = [...byKey.values()];
  const hasNews = all.some((m, i) => m !== chat.messages[i]);
  const rank = (m) => m.id ?? Infinity;
  const sorted = hasNews ? all.sort((a, b) => (rank(a) < rank(b) ? -1 : +(rank(a) > rank(b)))) : chat.messages;
  return { ...chat, ...flags, isAccepted, messages: sorted, cursor: Math.max(cursor, chat.cursor) };
}

/** The chat after `action`; the chat given is left as it was. */
export function reduce(chat, { type, key, ...action }) {
  switch (type) {
    case "write":
      return {
        ...chat,
        mark: null,
        notice: null,
        messages: [...chat.messages, { key, client_message_id: key, sender: "caregiver", status: "sending", ...action }],
      };
    case "status":
      return {
        ...chat,
        inFlight: action.status === "sending" ? key : null,
        messages: chat.messages.map((m) => (m.key === key && !m.id ? { ...m, ...action } : m)),
      };
    case "receive":
      return receive(chat, action);
    case "mark":
      return chat.mark === null ? { ...chat, mark: action.id } : chat;
    case "reset": {
      const messages = action.keepPending ? chat.messages.filter((m) => !m.id) : [];
      return { ...emptyChat(), isOnline: chat.isOnline, messages, notice: action.notice };
    }
    default: // online, accepted
      return Object.keys(action).every((name) => chat[name] === action[name]) ? chat : { ...chat, ...action };
  }
}

/** The lines of the log. */
export function rows(chat, dayOf) {
  const lines = [];
  let day;
  let isMarked = chat.mark === null;
  for (const message of chat.messages) {
    const { key, at, id, sender } = message;
    if (dayOf(at) !== day) lines.push({ type: "day", key: `day-${key}`, at });
    day = dayOf(at);
    if (!isMarked && id > chat.mark && sender !== "caregiver") {
      isMarked = true;
      lines.push({ type: "new", key: "new" });
    }
    lines.push({ type: "message", key, message });
  }
  return lines;
}
