// queue.js: keys for lists that are worked through row by row (form[data-keys]) and for the page of one row.
// Every key stands for a link, a button or a checkbox that is on the page anyway; without this file nothing is lost.
const typing = (target) => target.closest("input:not([type='checkbox']), textarea, select, [contenteditable], dialog[open]");

const list = () => document.querySelector("[data-keys]");
const links = () => [...(list()?.querySelectorAll("tbody th a") ?? [])];

const step = (by) => {
  const rows = links();
  if (rows.length === 0) return false;
  const at = rows.findIndex((link) => link.closest("tr").contains(document.activeElement));
  const next = rows[Math.min(Math.max(at + by, 0), rows.length - 1)];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
  return true;
};

const current = () => links().find((link) => link.closest("tr").contains(document.activeElement));

const pick = () => {
  const box = current()?.closest("tr").querySelector("input[name='pick']");
  box?.click();
  if (box) current()?.focus();
  return Boolean(box);
};

// "a" goes to the row's own page of that decision, or presses what the page of one row marks with the key
const act = (key) => {
  const marked = document.querySelector(`[data-key="${key}"]`);
  if (marked) {
    marked.click();
    return true;
  }
  const ending = list()?.getAttribute(`data-key-${key}`);
  const link = current();
  if (!ending || !link) return false;
  window.location.assign(new URL(ending, link.href));
  return true;
};

const help = () => {
  const dialog = document.getElementById("keys");
  if (!dialog || dialog.open) return false;
  dialog.showModal();
  return true;
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  // A key held down would decide one application after the other: the next page hears it too
  if (event.repeat && !["j", "k", "ArrowDown", "ArrowUp"].includes(event.key)) return;
  const done = {
    j: () => step(1),
    ArrowDown: () => list() !== null && step(1),
    k: () => step(-1),
    ArrowUp: () => list() !== null && step(-1),
    x: pick,
    "?": help,
  }[event.key]?.() ?? ("adin".includes(event.key) && act(event.key));
  if (done) event.preventDefault();
});
