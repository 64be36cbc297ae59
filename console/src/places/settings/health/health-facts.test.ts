import { expect, it } from "vitest";
import { troublesOf } from "./health-facts";

const volume = { id: "v", path: "/v", state: "writable", reason: "" };

it("names every weakened control and lost process, and nothing that is well", () => {
  const system = {
    processes: [
      { role: "recorder", state: "running", reason: "" },
      { role: "analyzer", state: "unavailable", reason: "no answer" },
    ],
    volumes: [volume],
    controls: [{ name: "jail", state: "absent", detail: "no Landlock" }],
  };
  expect(troublesOf(system as never).map((trouble) => trouble.key)).toEqual(["analyzer", "jail"]);
});
