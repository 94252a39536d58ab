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
