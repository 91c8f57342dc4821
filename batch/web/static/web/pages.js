// What makes the pages livelier. Without it, everything works by links and forms.

// Drafts: dropping a file, the progress of its upload, and forms whose answer takes a while.

document.addEventListener("dragover", (event) => {
  const place = event.target.closest && event.target.closest("[data-drop]");
  if (place) { event.preventDefault(); place.classList.add("is-over"); }
});

document.addEventListener("dragleave", (event) => {
  const place = event.target.closest && event.target.closest("[data-drop]");
  if (place && !place.contains(event.relatedTarget)) { place.classList.remove("is-over"); }
});

document.addEventListener("drop", (event) => {
  const place = event.target.closest && event.target.closest("[data-drop]");
  if (!place) { return; }
  event.preventDefault();
  place.classList.remove("is-over");
  const input = place.querySelector("input[type=file]");
  if (input && event.dataTransfer.files.length) { input.files = event.dataTransfer.files; }
});

document.addEventListener("htmx:xhr:progress", (event) => {
  const form = event.target.closest("[data-upload]");
  const { loaded, total } = event.detail;
  if (!form || !total) { return; }
  const bar = form.querySelector("progress");
  const arrived = loaded >= total;
  // What comes after the last byte takes as long as it takes: then the bar has no value.
  if (arrived) { bar.removeAttribute("value"); } else { bar.value = Math.round((100 * loaded) / total); }
  form.querySelector("[data-uploading]").hidden = arrived;
  form.querySelector("[data-checking]").hidden = !arrived;
});

document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button || !button.hasAttribute("data-slow") || event.defaultPrevented) { return; }
  // Once the form is on its way: a disabled button would not be sent with it, and pressing twice changes nothing.
  setTimeout(() => { button.disabled = true; button.classList.add("is-waiting"); }, 0);
});

window.addEventListener("pageshow", () => {
  document.querySelectorAll("button.is-waiting").forEach((button) => {
    button.disabled = false;
    button.classList.remove("is-waiting");
  });
});

document.addEventListener("htmx:afterSwap", (event) => {
  const field = event.target.querySelector && event.target.querySelector("[autofocus]");
  if (field) { field.focus(); field.select(); }
});
