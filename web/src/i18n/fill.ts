/** Characters that turn the direction of what follows them around: a name with one would rewrite the line that it stands in. */
const TURNING = /[\u202a-\u202e\u2066-\u2069]/g;

/** A name as it may stand within a line. */
export function unturned(name: string): string {
  return name.replace(TURNING, "");
}

/** `text` with each `{name}` replaced by its value, which turns nothing of `text` around. */
export function fill(text: string, values: Readonly<Record<string, string | number | undefined>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String((Object.hasOwn(values, name) ? values[name] : undefined) ?? whole).replace(TURNING, ""));
}
