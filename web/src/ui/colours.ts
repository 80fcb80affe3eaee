/** A colour as the canvas takes it: `light-dark(..)` is for style sheets alone. */
export function resolved(box: HTMLElement, colour: string): string {
  const probe = document.createElement("span");
  probe.style.color = colour;
  box.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}
