import { afterEach } from "vitest";

afterEach(async () => {
  const { cleanup } = await import("@testing-library/react");
  cleanup();
});
