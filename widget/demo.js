// The buttons of the demonstration page.
document.querySelector("[data-origin]").textContent = location.origin;
document.querySelector("[data-open]").addEventListener("click", () => document.querySelector("sma-companion").setAttribute("open", ""));
