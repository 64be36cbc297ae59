import { describe, expect, it } from "vitest";
import type { LiveState } from "../../media";
import { recordStateOf, truthOf } from "./truth";

const state = (name: LiveState["state"]): LiveState => ({ state: name, code: "c", reason: "r", hint: "h", sinceMs: 5 });

describe("truthOf", () => {
  it("says how far behind a live picture is, from more than one second", () => {
    expect(truthOf(state("live"), 1000, true).behindS).toBeNull();
    expect(truthOf(state("live"), 2600, true)).toMatchObject({ behindS: 3, tone: "warn", isDimmed: false });
  });

  it.each(["connecting", "stalled", "offline", "wrong_password", "unsupported", "no_permission"] as const)(
    "never lets %s look live",
    (name) => {
      expect(truthOf(state(name), 10, true)).toMatchObject({ isDimmed: true, behindS: null });
      expect(truthOf(state(name), 10, true).tone).not.toBe("good");
    },
  );

  it("tells since when a signal is missing", () => {
    expect(truthOf(state("offline"), null, true).sinceMs).toBe(5);
    expect(truthOf(state("connecting"), null, true).sinceMs).toBeNull();
  });

  it("says off for a camera that is switched off, whatever the stream says", () => {
    expect(truthOf(state("live"), null, false)).toMatchObject({ name: "off", isDimmed: true, reason: "" });
  });
});

describe("recordStateOf", () => {
  const always = { mode: "continuous", is_recording: true, trigger: "continuous" };
  const live = (main: string, recording: object | null = always) =>
    ({ main: { state: main, recording }, sub: null }) as never;
  const stateOf = (main: string, recording: object | null) =>
    recordStateOf({ enabled: true, record: "main", live: live(main, recording) });
  it("does not claim to record a stream that is not there", () => {
    expect(recordStateOf({ enabled: true, record: "main", live: live("offline") })).toBe("lost");
    expect(recordStateOf({ enabled: true, record: "sub", live: live("online") })).toBe("lost");
    expect(recordStateOf({ enabled: true, record: "none", live: live("online") })).toBe("off");
    expect(recordStateOf({ enabled: true, record: "both", live: live("online") })).toBe("recording");
  });

  it("does not claim to record what the plan leaves out now", () => {
    expect(stateOf("online", { mode: "off", is_recording: false, trigger: "off" })).toBe("offBySchedule");
    expect(stateOf("offline", { mode: "off", is_recording: false, trigger: "off" })).toBe("offBySchedule");
    expect(stateOf("online", { mode: "motion", is_recording: false, trigger: "waiting" })).toBe("motion");
    expect(stateOf("online", { mode: "event", is_recording: false, trigger: "waiting" })).toBe("event");
  });

  it("claims to record when motion or an untrusted source makes it so, and nothing when nobody says so", () => {
    expect(stateOf("online", { mode: "motion", is_recording: true, trigger: "motion" })).toBe("recording");
    expect(stateOf("online", { mode: "motion", is_recording: true, trigger: "untrusted" })).toBe("recording");
    expect(stateOf("online", { mode: "off", is_recording: false, trigger: "none" })).toBe("lost");
    expect(stateOf("online", null)).toBe("lost");
  });
});
