// Builds the console into the gateway's static folder: hashed assets only, no inline script (the CSP forbids
// it), nothing fetched from elsewhere. `VEDETTE_URL=http://127.0.0.1:8480 npm run dev` works against a running
// system; without it a small simulated one answers (dev/), so that pages can be made before a server exists.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { simulatedServer } from "./dev/simulated-server";

const server = process.env["VEDETTE_URL"];

export default defineConfig({
  plugins: [react(), ...(server ? [] : [simulatedServer()])],
  build: {
    outDir: "../src/vedette/api/static",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        advancedChunks: {
          groups: [{ name: "vendor", test: /node_modules[\\/](react|react-dom|scheduler|@tanstack|i18next)/ }],
        },
      },
    },
  },
  server: {
    host: "127.0.0.1",
    ...(server ? { proxy: { "/api": { target: server, ws: true, changeOrigin: true } } } : {}),
  },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/test-setup.ts"],
  },
});
