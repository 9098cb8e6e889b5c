// The HTTP contract of the web channel, and nothing else: what is asked, what is refused.

const TIMEOUT_MS = 30000;
const SILENCE_MS = 40000; // the server sends a comment every 15 s

/** A refusal or a lost connection (status 0). `detail` is a sentence for the person who reads it. */
export class ApiError extends Error {
  constructor(status, detail = "", retryAfterS = 0) {
    super(detail || `status ${status}`);
    Object.assign(this, { status, detail, retryAfterS });
  }

  get isPassing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** Reads a Server-Sent Events stream piece by piece; calls onEvent({type, id, data}). */
export function eventReader(onEvent) {
  let rest = "";
  let event = { type: "message", data: [] };
  return (chunk) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop();
    for (const raw of lines) {
      const line = raw.replace(/\r$/, "");
      const [, field, value] = /^([^:]*)(?:: ?(.*))?$/s.exec(line);
      if (line === "") {
        if (event.data.length) onEvent({ ...event, data: event.data.join("\n") });
        event = { type: "message", data: [], id: event.id };
      } else if (field === "event") event.type = value;
      else if (field === "data") event.data.push(value ?? "");
      else if (field === "id") event.id = value;
    }
  };
}

const moment = (value) => (typeof value === "number" ? value * 1000 : Date.parse(value));

export class Api {
  /** `about()` gives the region and locale that go with what is said. */
  constructor({ server, session, about = () => ({}), fetch = (...a) => globalThis.fetch(...a), now = Date.now }) {
    Object.assign(this, { base: `${server}/webhooks/web`, session, about, fetch, now });
  }

  /** Send one message; starts the conversation when there is none yet. */
  async say({ client_message_id, text, payload, title }) {
    await this.#token();
    const said = payload ? { payload, title } : { text };
    return this.#json("POST", "/messages", { client_message_id, ...said, ...this.about() });
  }

  async messages(after) {
    await this.#token();
    return this.#json("GET", `/messages?after=${after}`);
  }

  rate(message_id, helpful, reason) {
    return this.#call("POST", "/feedback", { message_id, helpful, ...(reason && { reason }) });
  }

  async transcript() {
    return (await this.#call("GET", "/transcript")).blob();
  }

  erase() {
    return this.#json("DELETE", "/conversation");
  }

  /** Follow the event stream until it ends; gives the number of pieces that came. */
  async stream(after, onEvent, signal) {
    const stop = new AbortController();
    const end = () => stop.abort();
    signal.addEventListener("abort", end);
    let timer = setTimeout(end, SILENCE_MS);
    let pieces = 0;
    try {
      const headers = { Accept: "text/event-stream", "Last-Event-ID": String(after) };
      const response = await this.#call("GET", "/events", null, { headers, signal: stop.signal });
      if (!/event-stream/.test(response.headers.get("content-type"))) throw new ApiError(406);
      const read = eventReader(onEvent);
      const decoder = new TextDecoder();
      const reader = response.body.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        pieces++;
        clearTimeout(timer);
        timer = setTimeout(end, SILENCE_MS);
        read(decoder.decode(value, { stream: true }));
      }
    } catch (error) {
      if (error instanceof ApiError && error.status) throw error;
      if (!stop.signal.aborted && !pieces) throw new ApiError(0);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
    }
    return pieces;
  }

  async #token() {
    const { token, renew_after } = this.session.data;
    if (!token) {
      // Two callers at once share one start: never two conversations.
      this.starting ??= this.#json("POST", "/conversations", this.about()).finally(() => (this.starting = null));
      const { token, expires_at, renew_after, organisation } = await this.starting;
      this.session.save({ token, expires_at, renew_after, organisation });
    } else if (this.now() > moment(renew_after)) {
      this.session.save(await this.#json("POST", "/token"));
    }
  }

  async #json(...request) {
    const response = await this.#call(...request);
    try {
      return await response.json();
    } catch {
      throw new ApiError(0); // cut off in the middle
    }
  }

  async #call(method, path, body, { headers = {}, signal } = {}) {
    const { token } = this.session.data;
    let response;
    try {
      response = await this.fetch(this.base + path, {
        method,
        headers: {
          ...(body && { "Content-Type": "application/json" }),
          ...(token && { Authorization: `Bearer ${token}` }),
          ...headers,
        },
        body: body ? JSON.stringify(body) : undefined,
        signal: signal || AbortSignal.timeout(TIMEOUT_MS),
        cache: "no-store",
        credentials: "omit",
      });
    } catch {
      throw new ApiError(0);
    }
    if (response.ok) return response;
    const problem = await response.json().catch(() => ({}));
    throw new ApiError(response.status, problem.detail, Number(response.headers.get("retry-after")) || 0);
  }
}
