// What the page tells: alerts, announcements to screen readers, and copies to the clipboard.

const alerts = document.getElementById("alerts");
const announcement = document.getElementById("announcement");

export function textOf(error) {
  return error instanceof Error ? error.message : String(error);
}

function button(text, onClick) {
  const element = document.createElement("button");
  element.type = "button";
  element.textContent = text;
  element.addEventListener("click", onClick);
  return element;
}

/** Shows a message until it is dismissed; `retry` adds a button. The same message is shown once. */
export function alert(message, retry) {
  if (Array.from(alerts.children).some((shown) => shown.dataset.message === message)) return;
  const box = document.createElement("div");
  box.className = "alert";
  box.dataset.message = message;
  const text = document.createElement("p");
  text.textContent = message;
  box.append(text);
  if (retry) {
    box.append(
      button("Try again", () => {
        clearAlerts();
        retry();
      }),
    );
  }
  box.append(button("Dismiss", () => box.remove()));
  alerts.append(box);
}

export function clearAlerts() {
  alerts.replaceChildren();
}

export function announce(message) {
  announcement.textContent = message;
}

export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    announce(`${what} copied.`);
    return true;
  } catch {
    alert(`The browser does not let this page copy. Here is what it would copy: ${text.slice(0, 2000)}`);
    return false;
  }
}

/** Makes a button copy what `text` gives, and says so on the button. */
export function makeCopyButton(element, what, text) {
  const label = element.textContent;
  let timer = 0;
  element.addEventListener("click", async () => {
    if (!(await copy(text(), what))) return;
    element.textContent = "Copied";
    clearTimeout(timer);
    timer = setTimeout(() => {
      element.textContent = label;
    }, 1500);
  });
}
