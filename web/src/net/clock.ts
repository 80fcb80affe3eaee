/**
 * The server's clock as this page sees it.
 *
 * A message can only arrive late, so the largest (at - here) seen is the nearest to the true offset; replayed messages
 * are old and lose.
 */
export class ServerClock {
  private offset: number | null = null;

  constructor(private readonly here: () => number = () => Date.now() / 1000) {}

  hear(at: number): void {
    const offset = at - this.here();
    if (this.offset === null || offset > this.offset) this.offset = offset;
  }

  /** Forget the offset: a reconnect may meet a corrected clock. */
  reset(): void {
    this.offset = null;
  }

  /** Seconds since the epoch on the server. */
  now(): number {
    return this.here() + (this.offset ?? 0);
  }
}
