import { describe, expect, it } from "vitest";
import { switchSet } from "../../../parts/set-choice";
import { bodyOf, EMPTY_FORM, faultsOf, splitLogin, switchRecognition } from "./form";

const form = { ...EMPTY_FORM, name: " Gate ", mainUrl: "rtsp://192.0.2.1/main" };

describe("splitLogin", () => {
  it("takes the login out of a pasted address", () => {
    expect(splitLogin("rtsp://admin:p%40ss@192.0.2.1:554/ch1")).toEqual({
      url: "rtsp://192.0.2.1:554/ch1",
      user: "admin",
      password: "p@ss",
    });
  });
  it("leaves an address without a login alone, also with an @ in its path", () => {
    expect(splitLogin("rtsp://192.0.2.1/a@b")).toBeNull();
  });
});

describe("faultsOf", () => {
  it("finds all faults at once", () => {
    expect(faultsOf({ ...EMPTY_FORM, subUrl: "nonsense", record: "both" })).toEqual({
      name: "nameMissing",
      mainUrl: "urlMissing",
      subUrl: "subWrong",
    });
  });
  it("refuses to record a sub stream that is not there", () => {
    expect(faultsOf({ ...form, record: "sub" })).toEqual({ record: "subNeeded" });
  });
  it("refuses something that is no address of a stream", () => {
    expect(faultsOf({ ...form, mainUrl: "192.0.2.1" }).mainUrl).toBe("urlWrong");
  });
});

describe("bodyOf", () => {
  it("sends no password when none was typed, so that the stored one stays", () => {
    expect(bodyOf(form, null)).not.toHaveProperty("password");
    expect(bodyOf({ ...form, password: "x" }, null).password).toBe("x");
  });
  it("never switches faces or looks on by itself, and keeps them as somebody set them", () => {
    expect(bodyOf(form, null).analysis?.recognize).toEqual(["attributes", "plates"]);
    const on = switchRecognition(switchRecognition(form.recognize, "faces", true), "appearance", true);
    const all = ["attributes", "plates", "appearance", "faces"];
    expect(bodyOf({ ...form, recognize: on }, null).analysis?.recognize).toEqual(all);
    expect(switchRecognition(on, "attributes", false)).toEqual(["plates", "appearance", "faces"]);
    expect(switchRecognition(on, "faces", false)).toEqual(["attributes", "plates", "appearance"]);
  });
  it("names the sets of categories that are on, and keeps those of the camera", () => {
    expect(bodyOf(form, null).analysis?.categories).toEqual([]);
    expect(bodyOf({ ...form, categories: switchSet(["livery"], "toy", true) }, null).analysis?.categories).toEqual([
      "livery",
      "toy",
    ]);
    expect(switchSet(["livery", "toy"], "livery", false)).toEqual(["toy"]);
    expect(switchSet(["livery"], "livery", true)).toEqual(["livery"]);
  });
  it("analyses the main stream when there is no other", () => {
    expect(bodyOf(form, null)).toMatchObject({ name: "Gate", sub: null, analysis: { stream: "main" } });
    expect(bodyOf({ ...form, subUrl: "rtsp://192.0.2.1/sub" }, null).analysis).toMatchObject({ stream: "sub" });
  });
});
