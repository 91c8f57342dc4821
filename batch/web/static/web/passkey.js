// Passkeys: the one thing that needs JavaScript. A form says what is to be signed (data-passkey-options), or where to
// ask for it (data-passkey-url, of the form or of the button that was pressed); the answer goes back in its hidden field.

document.querySelectorAll("[data-passkey-options], [data-passkey-url]").forEach((place) => {
  if (!window.PublicKeyCredential) { return; }
  place.hidden = false;
  const button = place.matches("button") ? place : place.querySelector("button");
  const form = button.form;
  button.addEventListener("click", async (event) => {
    event.preventDefault();
    const failed = form.querySelector("[data-passkey-failed]");
    failed.hidden = true;
    try {
      const options = place.dataset.passkeyOptions ? JSON.parse(place.dataset.passkeyOptions) : await ask(place.dataset.passkeyUrl);
      const credential = place.hasAttribute("data-passkey-new") ? await create(options) : await window.webauthnJSON.get(options);
      form.elements.namedItem("credential").value = JSON.stringify(credential);
      // Past the browser's check: a passkey is instead of the code that the form asks for.
      form.submit();
    } catch {
      failed.hidden = false;
    }
  });
});

async function ask(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok) { throw new Error(answer.statusText); }
  return (await answer.json()).request_options;
}

function create(options) {
  // Kept by the device and with its PIN, a finger or a face, so that it is both factors.
  const wanted = { residentKey: "required", requireResidentKey: true, userVerification: "required" };
  options.publicKey.authenticatorSelection = { ...options.publicKey.authenticatorSelection, ...wanted };
  return window.webauthnJSON.create(options);
}
