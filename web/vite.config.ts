import { defineConfig } from "vitest/config";

const server = process.env["HOTLINE_WEB"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  base: "/",
  build: {
    outDir: "../ivr/web/static",
    emptyOutDir: true,
    // light-dark() and nesting stay as written; the pages ask for a browser of 2024 or newer.
    target: ["chrome123", "firefox121", "safari17.5"],
    // The content security policy allows no data: addresses and no inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: ["index.html", "call.html", "desk.html", "admin.html", "wall.html", "quality.html", "account.html", "chat.html", "src/chat/embed.ts"],
      // The script that other sites load keeps its name, and leaves none of its own in theirs.
      output: {
        entryFileNames: ({ name }) => (name === "embed" ? "chat.js" : "assets/[name]-[hash].js"),
        postBanner: ({ name }) => (name === "embed" ? "(() => {" : ""),
        postFooter: ({ name }) => (name === "embed" ? "})();" : ""),
      },
    },
  },
  worker: { format: "es" },
  server: {
    proxy: { "/api": server, "/ws": { target: server, ws: true } },
  },
  test: { environment: "happy-dom", include: ["tests/**/*.test.{ts,tsx}"] },
});
