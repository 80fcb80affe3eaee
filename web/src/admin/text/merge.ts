import { changes, lines, type Change } from "./diff";

/** Two people changed the same text. `conflicts` is how many places need a person; each is marked in `text`. */
export interface Merged {
  text: string;
  conflicts: number;
}

export interface Labels {
  mine: string;
  theirs: string;
}

/** Changes of one side that touch each other or the other side's, as one stretch of the base. */
interface Stretch {
  from: number;
  to: number;
  mine: Change[];
  theirs: Change[];
}

/**
 * Bring two changed texts together, line by line.
 *
 * What only one side changed is taken; the same change on both sides counts once; where they differ both stand there
 * between markers, as a comment would, so that nothing typed is lost.
 */
export function merge(base: string, mine: string, theirs: string, labels: Labels): Merged {
  const [old, ours, others] = [lines(base), lines(mine), lines(theirs)];
  const result: string[] = [];
  let conflicts = 0;
  let at = 0;
  for (const one of stretches(changes(old, ours), changes(old, others))) {
    result.push(...old.slice(at, one.from));
    const left = apply(old, ours, one, one.mine);
    const right = apply(old, others, one, one.theirs);
    if (one.theirs.length === 0 || left.join("\n") === right.join("\n")) result.push(...left);
    else if (one.mine.length === 0) result.push(...right);
    else {
      conflicts += 1;
      result.push(`<<<<<<< ${labels.mine}`, ...left, "=======", ...right, `>>>>>>> ${labels.theirs}`);
    }
    at = one.to;
  }
  result.push(...old.slice(at));
  return { text: result.join("\n"), conflicts };
}

/** Whether the markers of a merge are still in a text. */
export function unresolved(text: string): boolean {
  return /^(<{7} |={7}$|>{7} )/m.test(text);
}

function stretches(mine: readonly Change[], theirs: readonly Change[]): Stretch[] {
  const all = [...mine.map((change) => ({ change, own: true })), ...theirs.map((change) => ({ change, own: false }))];
  all.sort((one, other) => one.change.aFrom - other.change.aFrom || one.change.aTo - other.change.aTo);
  const found: Stretch[] = [];
  for (const { change, own } of all) {
    const last = found.at(-1);
    // Touching counts as overlapping: two people who add lines at one place must both be seen.
    if (last !== undefined && change.aFrom <= last.to && touches(last, change, own)) {
      last.to = Math.max(last.to, change.aTo);
      (own ? last.mine : last.theirs).push(change);
    } else {
      found.push({ from: change.aFrom, to: change.aTo, mine: own ? [change] : [], theirs: own ? [] : [change] });
    }
  }
  return found;
}

function touches(stretch: Stretch, change: Change, own: boolean): boolean {
  if (change.aFrom < stretch.to) return true;
  const others = own ? stretch.theirs : stretch.mine;
  return others.length > 0 && change.aFrom === stretch.to;
}

/** The base lines of a stretch with one side's changes made. */
function apply(old: readonly string[], changed: readonly string[], stretch: Stretch, made: readonly Change[]): string[] {
  const result: string[] = [];
  let at = stretch.from;
  for (const one of made) {
    result.push(...old.slice(at, one.aFrom), ...changed.slice(one.bFrom, one.bTo));
    at = one.aTo;
  }
  result.push(...old.slice(at, stretch.to));
  return result;
}
