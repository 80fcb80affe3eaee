/** Call `tick` once a second, hidden tab or not; returns the function that ends it. */
export function everySecond(tick: () => void): () => void {
  try {
    const worker = new Worker(new URL("./heartbeat.worker.ts", import.meta.url), { type: "module" });
    let fallback: ReturnType<typeof setInterval> | undefined;
    worker.onmessage = tick;
    worker.onerror = () => {
      fallback ??= setInterval(tick, 1000);
    };
    return () => {
      worker.terminate();
      clearInterval(fallback);
    };
  } catch {
    const timer = setInterval(tick, 1000);
    return () => clearInterval(timer);
  }
}
