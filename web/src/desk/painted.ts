/**
 * Call `then` once what was just drawn is on the screen: two frames on.
 *
 * A hidden tab draws no frames; there a timer stands in, so that its agent is still rung.
 */
export function afterPaint(then: () => void): void {
  let done = false;
  const once = (): void => {
    if (done) return;
    done = true;
    clearTimeout(timer);
    then();
  };
  const timer = setTimeout(once, document.visibilityState === "hidden" ? 30 : 250);
  requestAnimationFrame(() => requestAnimationFrame(once));
}
