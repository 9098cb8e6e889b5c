// The only place where elements are made. Text always goes in as text.

/** An element with attributes, `on…` listeners and children; null and false ones are left out. */
export function h(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value == null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child != null && child !== false));
  return node;
}

const SVG = "http://www.w3.org/2000/svg";
const PATHS = {
  chat: "M4 5h16v11H10l-4.5 4V16H4z",
  close: "M6 6l12 12M18 6L6 18",
  menu: "M5 7h14M5 12h14M5 17h14",
  send: "M12 19V5M6 11l6-6 6 6",
  down: "M12 5v14M6 13l6 6 6-6",
  phone: "M6 3h4l1.5 5L9 10a11 11 0 0 0 5 5l2-2.5 5 1.5v4a2 2 0 0 1-2 2A16 16 0 0 1 4 5a2 2 0 0 1 2-2z",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c0-4.5 3.5-7 8-7s8 2.5 8 7",
  leave: "M14 4H5v16h9M10 12h10M16 8l4 4-4 4",
  check: "M5 13l4 4L19 7",
  up: "M7 11v9H4v-9zM7 11l4-8c2 0 3 1 2.5 3L13 9h6a2 2 0 0 1 2 2.3l-1.200 7A2 2 0 0 1 17.8 20H7",
  heart: "M12 20S4 15 4 9.5A4 4 0 0 1 12 8a4 4 0 0 1 8 1.5C20 15 12 20 12 20z",
};

/** A line drawing that goes with words; screen readers skip it. */
export function icon(name, className = "") {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", class: `icon ${className}`, "aria-hidden": "true" }))
    svg.setAttribute(key, value);
  svg.append(path);
  return svg;
}

/** A button; `label` is a text, or [icon name, text]. */
export const button = (className, label, onclick, props) => {
  const [name, text] = Array.isArray(label) ? label : [null, label];
  return h("button", { type: "button", class: className, onclick, ...props }, name && icon(name), h("span", {}, text));
};

export const hidden = (text) => h("span", { class: "vh" }, text);
