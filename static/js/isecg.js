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
    // Countdowns: as the page came they are right, and here they stay so. They count from the
    // server's instant: the clock of this computer may be wrong.
    const began = performance.now();
    const left = (milliseconds) => {
      let rest = Math.floor(milliseconds / 60000), parts = 0;
      const words = [];
      for (const [unit, minutes] of [["day", 1440], ["hour", 60], ["minute", 1]]) {
        const count = Math.floor(rest / minutes);
        rest -= count * minutes;
        if (count) words.push(`${count} ${unit}${count === 1 ? "" : "s"}`);
        if (words.length && ++parts === 2) break;
      }
      return words.join(" ") || "less than a minute";
    };
    const countdowns = document.querySelectorAll("[data-countdown]");
    const count = () => {
      for (const one of countdowns) {
        const { countdown, countdownFrom, countdownOver } = one.dataset;
        const rest = Date.parse(countdown) - Date.parse(countdownFrom) - (performance.now() - began);
        const words = rest < 0 ? countdownOver : left(rest);
        if (one.textContent !== words) one.textContent = words;
      }
    };
    if (countdowns.length) setInterval(count, 5000);
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

  // Comments: one form, which is put beside the paragraph that it is about.
  document.addEventListener("DOMContentLoaded", () => {
    const entry = document.querySelector("[data-comment-entry]");
    const whole = document.querySelector("[data-comment-whole]");
    if (!entry) return;
    const put = (into, paragraph, words) => {
      entry.querySelector("[name=paragraph]").value = paragraph;
      entry.querySelector("[data-comment-title]").textContent =
        paragraph ? `paragraph ${paragraph}` : "the whole text";
      const quote = entry.querySelector("[data-comment-quote]");
      quote.textContent = words.length > 300 ? `${words.slice(0, 299)}…` : words;
      quote.hidden = !paragraph;
      into.append(entry);
      entry.querySelector("[name=text]").focus();
    };
    for (const link of document.querySelectorAll("[data-comment-on]")) {
      link.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        const part = link.closest(".numbered-part");
        const words = [...part.children]
          .filter((child) => !child.matches(".numbered-mark, .beside, [data-comment-entry]"))
          .map((child) => child.textContent.trim()).join(" ");
        put(part, link.dataset.commentOn, words);
        // Closed, it can be opened again to have the form back.
        if (whole) whole.open = false;
      });
    }
    whole?.addEventListener("toggle", () => {
      const body = whole.querySelector(".act-body");
      if (whole.open && !body.contains(entry)) {
        body.replaceChildren();
        put(body, "", "");
      }
    });
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

/* The writing page: a draft that saves itself, and a preview beside it. Its three buttons do the
   same without a script. */
(() => {
  "use strict";
  const PAUSE = 2000, AGAIN = 15000, GLANCE = 400;
  // A browser sends no more than this on its way out.
  const PARTING = 60000;
  const DRAFTED = ["text", "note", "change_class"];
  const CARRIED = [...DRAFTED, "expected_latest", "revision"];

  const write = (form) => {
    const part = (name) => document.querySelector(`[data-writing-${name}]`);
    const fields = form.elements, status = part("status"), view = part("view");
    const typed = () => JSON.stringify(DRAFTED.map((name) => fields[name].value));

    // Beside a file nothing is written: what then stands in the fields is no draft.
    const writes = () => fields.how.value === "write";
    const partsLightly = () => fields.text.value.length < PARTING / 4;

    const tell = (sentence, wrong = false) => {
      status.toggleAttribute("data-wrong", wrong);
      if (status.textContent !== sentence) status.textContent = sentence;
    };
    const show = (name, html) => {
      part(name).innerHTML = html;
      part(name).hidden = !html;
    };

    // After a new sign-in the token of this page is too old: another one is fetched.
    const renew = async () => {
      const answer = await fetch(form.action, { redirect: "manual" });
      const page = new DOMParser().parseFromString(answer.ok ? await answer.text() : "", "text/html");
      const token = page.querySelector("[name=csrfmiddlewaretoken]")?.value;
      if (!token) return false;
      for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = token;
      return true;
    };
    const post = async (address, names, more = {}, again = true) => {
      const body = new FormData();
      for (const name of ["csrfmiddlewaretoken", ...names]) body.set(name, fields[name].value);
      if (more.over !== undefined) body.set("over", more.over);
      const keepalive = Boolean(more.parting) && partsLightly();
      const headers = { Accept: "application/json" };
      const answer = await fetch(address, { method: "POST", body, headers, keepalive, redirect: "manual" });
      if (answer.headers.get("Content-Type")?.startsWith("application/json")) return answer.json();
      if (answer.status === 403 && again && (await renew())) return post(address, names, more, false);
      if (answer.type === "opaqueredirect") {
        return { refused: "Your sign-in has ended. Sign in in another window, then save here." };
      }
      if (answer.status === 403) return { refused: "You may not write here any more. Copy your text." };
      return { refused: `The server answered ${answer.status}.` };
    };

    // --- The draft ---
    // A page that came back with a refusal holds what is saved nowhere.
    let saved = "unsaved" in form.dataset ? null : typed();
    let stopped = !part("conflict").hidden, failing = false, busy = false, sending = false;
    let queue = Promise.resolve(), waiting = 0;

    const put = async ({ over, asked, parting }) => {
      const now = typed();
      if (sending || !writes() || (stopped && over === undefined)) return;
      if (now === saved && !asked) return;
      tell("Saving…");
      busy = true;
      let said;
      try {
        said = await post(form.dataset.draft, CARRIED, { over, parting });
      } catch {
        said = { refused: "The server cannot be reached; it is tried again.", passing: true };
      }
      busy = false;
      failing = Boolean(said.refused);
      if (said.refused) {
        tell(`Not saved: ${said.refused}`, true);
        if (said.passing) later(AGAIN);
        if (said.conflict) { stopped = true; show("conflict", said.conflict); }
        return;
      }
      stopped = false;
      saved = now;
      for (const field of document.querySelectorAll("[name=revision]")) field.value = said.revision;
      show("conflict", "");
      show("newer", said.newer);
      part("throw").hidden = false;
      tell(said.said);
      if (typed() !== saved) later(PAUSE);
    };
    // One after the other, or an older text could come last.
    const save = (how = {}) => {
      clearTimeout(waiting);
      queue = queue.then(() => put(how));
      return queue;
    };
    const later = (pause) => {
      clearTimeout(waiting);
      waiting = setTimeout(save, pause);
    };

    // --- The preview ---
    let shown = null, looking = false, glance = 0, pause = GLANCE;

    const look = async () => {
      const text = fields.text.value;
      if (looking || text === shown) return;
      looking = true;
      const began = performance.now();
      try {
        const said = await post(form.dataset.preview, ["text"]);
        if (said.html !== undefined) view.innerHTML = said.html;
        else if (said.refused) view.textContent = said.refused;
        shown = text;
      } catch { /* Saving says that the server cannot be reached. */ }
      looking = false;
      // A long text is asked for less often: no more than half of the time.
      pause = Math.max(GLANCE, 2 * (performance.now() - began));
      if (shown === text && fields.text.value !== text) lookSoon();
    };
    const lookSoon = () => {
      clearTimeout(glance);
      glance = setTimeout(look, pause);
    };

    part("look").hidden = true;
    if (fields.text.value) look();
    if (saved === null && !stopped) later(PAUSE);
    form.addEventListener("input", (event) => {
      if (event.target === fields.text) lookSoon();
      if (typed() === saved || stopped || !writes()) return;
      tell("Not saved yet.");
      later(PAUSE);
    });
    form.addEventListener("click", (event) => {
      const button = event.target.closest("[data-writing-save]");
      if (!button) return;
      event.preventDefault();
      save({ asked: true, over: button.name === "over" ? button.value : undefined });
    });
    document.addEventListener("keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== "s") return;
      event.preventDefault();
      save({ asked: true });
    });
    // A save that is on its way would change the draft behind the back of what ends it.
    const end = (event) => {
      if (sending) return;
      event.preventDefault();
      event.stopPropagation();
      clearTimeout(waiting);
      const { target, submitter } = event;
      // Not before this event has ended: inside it a browser submits nothing.
      queue.then(() => setTimeout(() => { sending = true; target.requestSubmit(submitter); }));
    };
    form.addEventListener("submit", end);
    part("throw").addEventListener("submit", end);
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") save({ parting: true });
    });
    addEventListener("pageshow", () => { sending = false; });
    addEventListener("beforeunload", (event) => {
      if (sending || typed() === saved || !writes()) return;
      // The browser asks only where what was typed may not get there in time.
      if (stopped || failing || busy || !partsLightly()) event.preventDefault();
      save({ parting: true });
    });
  };

  document.addEventListener("DOMContentLoaded", () => {
    const form = document.querySelector("[data-writing]");
    if (form) write(form);
  });
})();
