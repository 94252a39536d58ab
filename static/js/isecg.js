/* Comforts on top of pages that work without them. */
(() => {
  "use strict";
  const root = document.documentElement;
  const KEY = "isecg-theme";

  // Storage may be refused to us; the system's theme is then the answer.
  const stored = () => { try { return localStorage.getItem(KEY); } catch { return null; } };
  const store = (theme) => { try { localStorage.setItem(KEY, theme); } catch { /* as above */ } };

  const chosen = stored();
  if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;

  const shown = () =>
    root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");

  document.addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("[data-theme-toggle]")) {
      const name = () => { button.textContent = shown() === "dark" ? "Light theme" : "Dark theme"; };
      button.hidden = false;
      name();
      button.addEventListener("click", () => {
        root.dataset.theme = shown() === "dark" ? "light" : "dark";
        store(root.dataset.theme);
        name();
      });
    }
    // Passkeys: what to ask for stands on the button, the talking is done by allauth's script.
    const passkeys = window.allauth?.webauthn?.forms;
    for (const button of passkeys && window.PublicKeyCredential ? document.querySelectorAll("[data-webauthn]") : []) {
      passkeys[button.dataset.webauthn]({ ids: { ...button.dataset } });
      button.hidden = false;
    }
    document.addEventListener("allauth.error", (event) => {
      event.preventDefault();
      for (const notice of document.querySelectorAll("[data-webauthn-error]")) notice.hidden = false;
    });
    // A refusal is read out and seen first.
    document.querySelector(".form-errors")?.scrollIntoView({ block: "nearest" });
  });

  // One press, one post. The button keeps its name and value for the server until the form is gone.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    form.setAttribute("aria-busy", "true");
  });
  // Back from the next page: the form may be sent again.
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      form.removeAttribute("aria-busy");
    }
  });

  // Escape closes the act that has the focus, and gives the focus back to its button.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const act = document.activeElement?.closest("details.act[open]");
    if (!act) return;
    act.open = false;
    act.querySelector("summary").focus();
  });
})();

/* Comparing two versions: from change to change by buttons, and by n and p. */
(() => {
  "use strict";
  const KEY = "isecg-change-keys";
  document.addEventListener("DOMContentLoaded", () => {
    const bar = document.querySelector("[data-changes]");
    if (!bar) return;
    const changes = [...document.querySelectorAll("[data-change]")];
    const told = bar.querySelector("[data-change-told]");
    const keys = bar.querySelector("[data-change-keys]");
    let at = -1;
    const tell = () => { if (at >= 0) told.textContent = `Change ${changes[at].dataset.change} of ${bar.dataset.changes}`; };
    const go = (to) => { at = to; changes[at].focus(); tell(); };
    const step = (by) => {
      const to = at < 0 && by < 0 ? -1 : at + by;
      if (changes[to]) { go(to); return; }
      const other = by < 0 ? bar.dataset.before : bar.dataset.after;
      if (other) location.href = other;
      else told.textContent = by < 0 ? "No change before this one" : "No change after this one";
    };
    // Wherever the reader comes to by the links or the tabulator is where the steps go on.
    const land = () => {
      const found = changes.findIndex((change) => `#${change.id}` === location.hash);
      if (found >= 0) go(found);
    };
    document.addEventListener("focusin", (event) => {
      const found = changes.indexOf(event.target.closest("[data-change]"));
      if (found >= 0) { at = found; tell(); }
    });
    addEventListener("hashchange", land);
    for (const button of bar.querySelectorAll("[data-change-step]")) {
      button.addEventListener("click", () => step(Number(button.dataset.changeStep)));
    }
    // Whoever speaks to the browser may not want single letters to be commands.
    let on = true;
    try { on = localStorage.getItem(KEY) !== "off"; } catch { /* Storage may be refused. */ }
    const show = () => { keys.textContent = `Keys n and p: ${on ? "on" : "off"}`; };
    keys.addEventListener("click", () => {
      on = !on;
      try { localStorage.setItem(KEY, on ? "on" : "off"); } catch { /* as above */ }
      show();
    });
    document.addEventListener("keydown", (event) => {
      if (!on || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target.closest("input, select, textarea, [contenteditable]")) return;
      if (event.key === "n") step(1);
      else if (event.key === "p") step(-1);
    });
    bar.hidden = false;
    show();
    land();
  });
})();
