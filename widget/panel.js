// The frame of the chat: launcher, header, menu, log, composer. It shows and reports; it decides nothing.
import { button, h, hidden, icon } from "./dom.js";
import { EMERGENCY_NUMBERS } from "./locales.js";
import { choices, outside, strongProse } from "./render.js";
import { MAX_LENGTH, fill, lengthOf } from "./text.js";

const COUNTER_FROM = 1800;

const callLink = (number) => h("a", { href: `tel:${number}` }, number);

/** Where to call, for a region or for everybody. */
function callLinks(region) {
  const number = EMERGENCY_NUMBERS[region];
  if (number) return [callLink(number)];
  return [["EU", "112"], ["UK", "999"], ["US", "911"], ["AU", "000"]].map(([name, n]) => h("span", {}, callLink(n), ` ${name}`));
}

function welcome(t, region, privacyUrl, onChoose) {
  const number = EMERGENCY_NUMBERS[region];
  const call = number ? h("a", { href: `tel:${number}` }, fill(t.welcomeCall, { number })) : fill(t.welcomeCall, { number: t.emergencyAny });
  const starters = choices(t.starters.map((title) => ({ title })), onChoose, t, t.choices);
  const node = h("article", { class: "message their welcome", "aria-label": t.name },
    h("div", { class: "bubble" },
      t.welcome.map((line) => strongProse(line, call)),
      h("p", { class: "disclaimer" }, `${t.welcomePrivacy} `, outside(privacyUrl, t, t.privacy))),
    starters.node);
  return { node, update: starters.update };
}

/** A question before something that cannot be undone; resolves to true or false. */
function confirmDialog(t) {
  const title = h("h2", { id: "ask" });
  const text = h("p", {});
  const yes = button("main danger", "", () => dialog.close("yes"));
  const no = button("main plain", t.cancel, () => dialog.close("no"));
  const dialog = h("dialog", { class: "ask", "aria-labelledby": "ask" }, title, text, h("div", { class: "answers" }, no, yes));
  const ask = (question, why, action) =>
    new Promise((done) => {
      title.textContent = question;
      text.textContent = why;
      yes.lastChild.textContent = action;
      dialog.returnValue = "no";
      dialog.addEventListener("close", () => done(dialog.returnValue === "yes"), { once: true });
      dialog.showModal();
    });
  return { dialog, ask };
}

function composer(t, onSend) {
  const input = h("textarea", { rows: 1, id: "input", placeholder: t.placeholder, enterkeyhint: "send", "aria-describedby": "count", autocomplete: "off" });
  const count = h("p", { id: "count", class: "count", hidden: true });
  const send = button("send", ["send", t.send], null, { type: "submit" });
  const form = h("form", { class: "composer" }, h("label", { for: "input", class: "vh" }, t.input), input, send, count);
  const grow = () => {
    const left = MAX_LENGTH - lengthOf(input.value);
    count.hidden = left > MAX_LENGTH - COUNTER_FROM;
    count.textContent = fill(left < 0 ? t.tooLong : t.left, { n: Math.abs(left) });
    count.classList.toggle("is-over", left < 0);
    input.setAttribute("aria-invalid", String(left < 0));
    input.rows = 1;
    const style = getComputedStyle(input);
    input.rows = Math.min(5, Math.floor((input.scrollHeight - parseFloat(style.paddingBlock) * 2) / parseFloat(style.lineHeight)) || 1);
  };
  const submit = (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (!text || lengthOf(text) > MAX_LENGTH) return;
    onSend(text);
    input.value = "";
    grow();
  };
  form.addEventListener("submit", submit);
  input.addEventListener("input", grow);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
  });
  return { form, input };
}

/**
 * Build everything. `does` has a function for each thing a person may do: toggle, close, say, person, leave,
 * newChat, download, erase, remember, region, toNew.
 */
export function buildPanel({ t, region, isRegionOpen, privacyUrl, isRemembered, does }) {
  const badge = h("span", { class: "badge", hidden: true });
  const label = h("span", {}, t.launcher);
  const launcher = h("button", { type: "button", class: "launcher", "aria-haspopup": "dialog", onclick: does.toggle }, icon("chat"), label, badge);

  const item = (name, does) => h("li", {}, button("item", name, does));
  const remember = h("input", { type: "checkbox", onchange: () => does.remember(remember.checked) });
  remember.checked = isRemembered;
  const regions = h("select", { onchange: () => does.region(regions.value) },
    h("option", { value: "" }, t.regionAny), Object.keys(EMERGENCY_NUMBERS).map((name) => h("option", { value: name }, name)));
  regions.value = region || "";
  const menu = h("div", { class: "menu", id: "menu", hidden: true },
    h("ul", {}, item(["person", t.person], does.person), item(["chat", t.newChat], does.newChat), item(["down", t.download], does.download),
      item(["close", t.erase], does.erase), item(["leave", t.leave], does.leave)),
    h("label", { class: "check" }, remember, h("span", {}, t.remember, h("small", {}, t.rememberHint))),
    isRegionOpen && h("label", { class: "region" }, h("span", {}, t.region), regions),
    h("p", {}, outside(privacyUrl, t, t.privacy)));
  const opener = button("round", ["menu", t.menu], () => showMenu(menu.hidden), { "aria-expanded": "false", "aria-controls": "menu" });
  const showMenu = (isShown) => {
    if (!isShown && menu.contains(menu.getRootNode().activeElement)) opener.focus();
    menu.hidden = !isShown;
    opener.setAttribute("aria-expanded", String(isShown));
  };
  menu.addEventListener("click", (event) => event.target.closest(".item") && showMenu(false));

  const title = h("h2", { id: "title", tabindex: -1 }, t.name);
  const subtitle = h("p", {}, t.subtitle);
  const banner = h("p", { class: "banner", hidden: true });
  const first = welcome(t, region, privacyUrl, does.say);
  const lines = h("div", { class: "lines" });
  const typing = h("p", { class: "typing", hidden: true }, h("span", {}, t.typing), h("i"), h("i"), h("i"));
  const log = h("div", { class: "log", role: "log", "aria-label": t.log, "aria-live": "off", tabindex: 0 }, first.node, lines, typing);
  const toNew = button("to-new", ["down", t.newMessage], does.toNew, { hidden: true });
  const { form, input } = composer(t, (text) => does.say({ text }));
  const { dialog: asking, ask } = confirmDialog(t);
  const polite = h("div", { class: "vh", "aria-live": "polite" });
  const urgent = h("div", { class: "vh", role: "alert" });
  const outer = h("div", { class: "vh", "aria-live": "polite" });
  const panel = h("dialog", { class: "panel", "aria-labelledby": "title" },
    h("header", {}, h("span", { class: "mark" }, icon("heart")), h("div", {}, title, subtitle), opener, button("round", ["close", t.close], does.close)),
    menu,
    h("p", { class: "strip" }, icon("phone"), h("span", {}, `${t.emergencyBar} `, callLinks(region))),
    banner,
    h("div", { class: "stage" }, log, toNew),
    form,
    h("div", { class: "foot" }, button("quiet", ["person", t.person], does.person), button("quiet", ["leave", t.leave], does.leave)),
    polite, urgent, asking);
  const root = h("div", { class: "root", dir: t.dir, lang: t.lang }, launcher, panel, outer);
  return { root, launcher, label, badge, panel, title, subtitle, menu, showMenu, banner, first, lines, typing, log, toNew, input, ask, polite, urgent, outer, remember };
}
