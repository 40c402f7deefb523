import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [react()],
  base: "./",
  // The window's content policy allows no data: addresses, so nothing is inlined.
  build: { target: "es2022", outDir: "dist", emptyOutDir: true, assetsInlineLimit: 0, chunkSizeWarningLimit: 1200 },
  test: { environment: "happy-dom", include: ["test/**/*.test.{ts,tsx}"] },
});
