// Buttons that can do nothing without their script are dead until it is there, so that an early tap is not a tap at nothing.
export function ready() {
  for (const one of document.querySelectorAll("[data-scripted]")) one.disabled = false;
}
