import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [react()],
  base: "./",
  // The window's content policy allows no data: addresses, so nothing is inlined.
  build: { target: "es2022", outDir: "dist", emptyOutDir: true, assetsInlineLimit: 0, chunkSizeWarningLimit: 1200 },
  // A busy machine takes its time.
  test: { environment: "happy-dom", testTimeout: 60_000, setupFiles: ["test/setup.ts"], include: ["test/**/*.test.{ts,tsx}"] },
});
