import { effect, signal } from "@preact/signals";

export type Theme = "auto" | "light" | "dark";
const STORED = "hotline.theme";
const ORDER: Theme[] = ["auto", "light", "dark"];

export const theme = signal<Theme>((localStorage.getItem(STORED) as Theme | null) ?? "auto");

effect(() => {
  document.documentElement.dataset["theme"] = theme.value;
});

export function nextTheme(): void {
  theme.value = ORDER[(ORDER.indexOf(theme.value) + 1) % ORDER.length] ?? "auto";
  localStorage.setItem(STORED, theme.value);
}
