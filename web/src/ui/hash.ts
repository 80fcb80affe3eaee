/** A part of the address behind #, decoded; as it stands where it is no valid code. */
export function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
