/** Sound as numbers: what a waveform is drawn from and what a trimmed take is sent as. */

/** The loudest sample of each of `count` equal stretches, 0 to 1. */
export function peaks(samples: Float32Array, count: number): number[] {
  const found: number[] = [];
  for (let n = 0; n < count; n += 1) {
    const [from, to] = [Math.floor((n * samples.length) / count), Math.floor(((n + 1) * samples.length) / count)];
    let most = 0;
    for (let at = from; at < to; at += 1) most = Math.max(most, Math.abs(samples[at] ?? 0));
    found.push(Math.min(1, most));
  }
  return found;
}

/** Where speech begins and ends, in shares of the whole, with 0.1 s to spare; everything where nothing is loud. */
export function speech(samples: Float32Array, rate: number, threshold = 0.02): { from: number; to: number } {
  let first = 0;
  while (first < samples.length && Math.abs(samples[first]!) < threshold) first += 1;
  if (first === samples.length) return { from: 0, to: 1 };
  let last = samples.length - 1;
  while (last > first && Math.abs(samples[last]!) < threshold) last -= 1;
  const spare = rate / 10;
  return { from: Math.max(0, first - spare) / samples.length, to: Math.min(samples.length, last + spare) / samples.length };
}

/** The stretch between two shares of the whole. */
export function cut(samples: Float32Array, from: number, to: number): Float32Array {
  return samples.slice(Math.floor(from * samples.length), Math.ceil(to * samples.length));
}

/** RMS in dB below a full-scale square wave; -Infinity for silence. */
export function decibels(samples: Float32Array): number {
  let sum = 0;
  for (const one of samples) sum += one * one;
  return 10 * Math.log10(sum / Math.max(1, samples.length));
}

/** Mono PCM of 16 bits as a WAV file. */
export function wav(samples: Float32Array, rate: number): Blob {
  const view = new DataView(new ArrayBuffer(44 + samples.length * 2));
  const text = (at: number, words: string): void => [...words].forEach((char, n) => view.setUint8(at + n, char.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + samples.length * 2, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, rate * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, samples.length * 2, true);
  samples.forEach((one, n) => view.setInt16(44 + n * 2, Math.round(Math.max(-1, Math.min(1, one)) * 32767), true));
  return new Blob([view.buffer], { type: "audio/wav" });
}

/** Sound of any format that the browser knows, as mono samples; rejects for one that it does not. */
export async function decode(bytes: ArrayBuffer, rate = 16000): Promise<Float32Array> {
  const buffer = await new OfflineAudioContext(1, 1, rate).decodeAudioData(bytes);
  const mixed = new Float32Array(buffer.length);
  for (let channel = 0; channel < buffer.numberOfChannels; channel += 1) {
    buffer.getChannelData(channel).forEach((one, n) => (mixed[n] = (mixed[n] ?? 0) + one / buffer.numberOfChannels));
  }
  return mixed;
}
