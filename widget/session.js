// Where the conversation's token is kept: for this tab only, or on the device when the person asked for that.

/** The storage that `open` gives, or null where the browser forbids it. */
function storage(open) {
  try {
    return open();
  } catch {
    return null;
  }
}

export const browserStores = () => ({
  tab: storage(() => sessionStorage),
  device: storage(() => localStorage),
});

/** Holds the token and the little that belongs to it. Messages are never kept here. */
export class Session {
  constructor(server, stores) {
    this.key = `sma-companion:${server}`;
    this.stores = stores;
    this.load();
  }

  load() {
    this.remembered = false;
    this.data = this.#read("tab");
    if (!this.data.token) {
      const kept = this.#read("device");
      if (kept.token) {
        this.data = kept;
        this.remembered = true;
      }
    }
  }

  save(changes) {
    Object.assign(this.data, changes);
    const [into, out] = this.remembered ? ["device", "tab"] : ["tab", "device"];
    this.#try(into, (store) => store.setItem(this.key, JSON.stringify(this.data)));
    // Another tab's remembered chat is left alone by a chat of this tab.
    if (this.remembered || this.moved) this.#try(out, (store) => store.removeItem(this.key));
    this.moved = false;
  }

  remember(on) {
    this.moved = this.remembered && !on;
    this.remembered = on;
    this.save({});
  }

  clear() {
    if (this.remembered) this.#try("device", (store) => store.removeItem(this.key));
    this.#try("tab", (store) => store.removeItem(this.key));
    const { region } = this.data;
    this.data = region ? { region } : {};
    this.remembered = false;
  }

  #read(name) {
    return this.#try(name, (store) => JSON.parse(store.getItem(this.key))) || {};
  }

  #try(name, use) {
    try {
      return this.stores[name] && use(this.stores[name]);
    } catch {
      return null; // full, forbidden or spoilt: the chat goes on without it
    }
  }
}
