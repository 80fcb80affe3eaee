import { beforeEach, expect, it } from "vitest";
import { forgetDraft, keepDraft, NO_DRAFT, unsentDrafts } from "../src/desk/draft";

beforeEach(() => sessionStorage.clear());

it("finds the notes that the server has not got, but that of the contact on the screen", () => {
  keepDraft("c-1", { ...NO_DRAFT, note: "half a word", saved: false });
  keepDraft("c-2", { ...NO_DRAFT, note: "on the screen", saved: false });
  keepDraft("c-3", { ...NO_DRAFT, note: "it has this", saved: true });
  keepDraft("c-4", { ...NO_DRAFT, saved: false });
  sessionStorage.setItem("hotline.draft.c-5", "no JSON");
  sessionStorage.setItem("hotline.other", "{}");
  expect(unsentDrafts("c-2")).toEqual([{ id: "c-1", note: "half a word" }]);
  forgetDraft("c-1");
  expect(unsentDrafts("c-2")).toEqual([]);
});
