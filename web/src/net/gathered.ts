/** Frames are not drawn in a hidden tab: there a timer stands in. */
const HIDDEN_MS = 500;

/** Draws what came, however much of it, with a frame and at most once in `ms` milliseconds: 1,000 events a second are ten pictures. */
export class Gathered {
  private due = false;
  private drawnAt: number;

  constructor(
    private readonly ms: number,
    private readonly draw: () => void,
    private readonly here: () => number = () => performance.now(),
  ) {
    this.drawnAt = -ms;
  }

  /** Draw with the next frame, or as soon as the last picture is old enough. */
  soon(): void {
    if (this.due) return;
    this.due = true;
    const wait = Math.max(0, this.drawnAt + this.ms - this.here());
    if (document.visibilityState === "hidden") setTimeout(this.drawDue, HIDDEN_MS);
    else if (wait === 0) requestAnimationFrame(this.drawDue);
    else setTimeout(() => requestAnimationFrame(this.drawDue), wait);
  }

  /** Draw at once: what came cannot wait. */
  now(): void {
    this.due = false;
    this.drawnAt = this.here();
    this.draw();
  }

  /** A drawing that was made early leaves its timer nothing to do. */
  private readonly drawDue = (): void => {
    if (this.due) this.now();
  };
}
