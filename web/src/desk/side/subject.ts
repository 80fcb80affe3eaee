import { computed, signal } from "@preact/signals";
import type { Contact } from "../model";
import { desk } from "../store";

/** The conversation or ticket that the inbox shows, as a contact; null while the page shows the call. */
export const written = signal<Contact | null>(null);

/** What the modules of a scene are about: what is written, where that is looked at, else the contact of the desk. */
export const subject = computed<Contact | null>(() => written.value ?? desk.value.contact);
