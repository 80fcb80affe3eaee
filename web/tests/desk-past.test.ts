import { afterEach, expect, it, vi } from "vitest";
import { EMPTY, type Contact, type Phase } from "../src/desk/model";
import { past, pastState } from "../src/desk/side/store";
import { desk } from "../src/desk/store";

const shown = (phase: Phase): void => {
  desk.value = { ...EMPTY, contact: { id: "c-1", channel: "outbound", phase, turns: [], handover: {} } as unknown as Contact };
};

afterEach(() => {
  desk.value = EMPTY;
  vi.unstubAllGlobals();
});

it("reads what there was with a dialled customer once the call has a record", async () => {
  let there = false;
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (path: string) => {
    asked.push(path);
    const answer = path.endsWith("/past") ? { past: [{ id: "T-1", kind: "ticket" }] } : { marks: [], runs: [] };
    return there ? Response.json(answer) : Response.json({}, { status: 404 });
  });
  shown("connecting");
  await vi.waitFor(() => expect(asked).toHaveLength(2));
  await new Promise((resolve) => setTimeout(resolve, 0));
  expect(pastState.value).toBe("loading");
  there = true;
  shown("connected");
  await vi.waitFor(() => expect([pastState.value, past.value.map((one) => one.id)]).toEqual(["ready", ["T-1"]]));
  shown("wrap_up");
  await new Promise((resolve) => setTimeout(resolve, 0));
  expect(asked).toHaveLength(4);
});
