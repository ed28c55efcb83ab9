// app.js: progressive enhancement only. Every task works without this file.
// Loaded with defer; no eval, no inline handlers, CSP script-src 'self'.
const say = (text) => {
  const box = document.getElementById("live");
  if (box) box.textContent = text;
};

const copyFrom = async (button) => {
  const field = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(field.value ?? field.textContent);
  } catch {
    field.select?.();
    document.execCommand("copy");
  }
  const done = button.dataset.done || "";
  const label = button.querySelector("[data-label]");
  if (label && done) {
    const before = label.textContent;
    label.textContent = done;
    setTimeout(() => { label.textContent = before; }, 2000);
  }
  say(done);
};

// Error summary: scroll the label into view, then focus the field
const jumpToField = (event, link) => {
  const field = document.getElementById(link.hash.slice(1));
  if (!field) return;
  event.preventDefault();
  const label = field.closest("fieldset")?.querySelector("legend") || document.querySelector(`label[for="${field.id}"]`);
  (label || field).scrollIntoView();
  field.focus({ preventScroll: true });
};

document.addEventListener("click", (event) => {
  const copy = event.target.closest("[data-copy]");
  if (copy) copyFrom(copy);
  const link = event.target.closest(".error-summary a[href^='#']");
  if (link) jumpToField(event, link);
  // Dialog fallback for browsers without command/commandfor
  const opener = event.target.closest("button[commandfor]");
  if (opener && !("commandForElement" in HTMLButtonElement.prototype)) {
    const dialog = document.getElementById(opener.getAttribute("commandfor"));
    if (opener.getAttribute("command") === "show-modal") dialog?.showModal();
    else dialog?.close();
  }
  if (event.target.closest("[data-dismiss]")) event.target.closest(".toast, .callout")?.remove();
  if (event.target.closest("[data-print]")) window.print();
});

// Select all, the bulk bar's count, and selects that submit their own form
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-autosubmit]")) event.target.form?.requestSubmit();
  const form = event.target.closest("[data-bulk]");
  if (!form) return;
  const all = form.querySelector("[data-all]");
  if (event.target === all) boxesOf(form).forEach((box) => { box.checked = all.checked; });
  countChosen(form);
});

const boxesOf = (form) => [...form.querySelectorAll("input[name='pick']")];

const countChosen = (form) => {
  const boxes = boxesOf(form);
  const all = form.querySelector("[data-all]");
  const count = boxes.filter((box) => box.checked).length;
  if (all) {
    all.checked = count > 0 && count === boxes.length;
    all.indeterminate = count > 0 && count < boxes.length;
  }
  const bar = form.querySelector(".bulk");
  if (bar) {
    bar.hidden = count === 0;
    bar.querySelector("[data-chosen]").hidden = false;
    bar.querySelector("[data-n]").textContent = count;
  }
};

// The bar shows itself without this file; a browser that comes back may have kept the chosen rows
const countAll = () => { document.querySelectorAll("[data-bulk]").forEach(countChosen); };

// One submit is one request: a second press while the first travels does nothing
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("data-repeatable")) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "1";
  setTimeout(() => { delete form.dataset.sent; }, 4000);
});
window.addEventListener("pageshow", () => {
  countAll();
  document.querySelectorAll("form[data-sent]").forEach((form) => { delete form.dataset.sent; });
});

// "/" moves to search, unless the person is typing
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const search = document.querySelector("main input[type='search']");
  const everywhere = document.querySelector("[data-find]");
  if (!search && !everywhere) return;
  event.preventDefault();
  if (search) search.focus();
  else everywhere.click();
});

// Toasts without an action leave after 8 seconds; their words are mirrored for screen readers
const ageToasts = () => {
  document.querySelectorAll(".toast:not([data-seen])").forEach((toast) => {
    toast.dataset.seen = "1";
    say(toast.querySelector("span")?.textContent || "");
    if (!toast.querySelector("a")) setTimeout(() => { toast.remove(); }, 8000);
  });
};

// After a failed submit the error summary takes focus; a swapped part tells its news
const afterSwap = (target) => {
  document.querySelector(".error-summary")?.focus();
  const news = target?.closest?.("[data-say]") || target?.querySelector?.("[data-say]");
  if (news) say(news.dataset.say);
  // A list tells how much it shows now, or that nothing fits
  else if (target?.id === "results") say(target.querySelector(".pager span, .empty :is(h2, h3)")?.textContent.trim() || "");
  ageToasts();
  countAll();
};

// The entry of the page one is on is in sight, however long its row of tabs or the menu is
document.querySelectorAll(".tabs a[aria-current]").forEach((tab) => {
  const row = tab.parentElement;
  if (row.scrollWidth > row.clientWidth) row.scrollLeft = tab.offsetLeft - (row.clientWidth - tab.offsetWidth) / 2;
});
const menu = document.querySelector(".sidebar");
const here = menu?.querySelector(".nav [aria-current]");
if (here && here.offsetTop + 2 * here.offsetHeight > menu.clientHeight) menu.scrollTop = here.offsetTop - menu.clientHeight / 2;

afterSwap(null);
// The skip link's fragment would be sent along, and take the focus from the error summary of the answer
document.addEventListener("submit", () => { if (location.hash) history.replaceState(history.state, "", location.pathname + location.search); });
document.addEventListener("htmx:afterSettle", (event) => { afterSwap(event.detail.elt); });
document.addEventListener("say", (event) => { say(event.detail?.value || ""); });
