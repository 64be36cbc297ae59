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
        // Two parts that change only with their versions: browsers keep them over releases of the console.
        codeSplitting: {
          groups: [
            {
              name: "controls",
              test: /node_modules[\\/](react-aria|react-stately|@internationalized|@swc)/,
              priority: 2,
            },
            { name: "vendor", test: /node_modules[\\/]/, priority: 1 },
          ],
        },
      },
    },
  },
  server: {
    host: "127.0.0.1",
    fs: { allow: [".."] }, // the weights of super-resolution are the server's own files
    ...(server ? { proxy: { "/api": { target: server, ws: true, changeOrigin: true } } } : {}),
  },
  test: {
    environment: "node",
    include: ["src/**/*.test.{ts,tsx}"],
  },
});
