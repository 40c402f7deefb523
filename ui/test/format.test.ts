import { describe, expect, it } from "vitest";
import { about, count, duration, fileName, fileSize, folderName } from "../src/components/format";

describe("format", () => {
  it("says durations as an artist reads them", () => {
    expect([18, 840, 9940, 9960, 59_400, 73_000, 3_700_000].map(duration)).toEqual(["18 ms", "0.8 s", "9.9 s", "10 s", "59 s", "1 min 13 s", "1 h 1 min"]);
  });
  it("rounds estimates as roughly as they are", () => {
    expect([300, 2400, 58_000, 71_000].map(about)).toEqual(["under 1 s", "about 2 s", "about 58 s", "about 1 min 10 s"]);
  });
  it("groups digits and names files", () => {
    expect(count(20_000)).toBe("20\u2009000");
    expect([fileSize(900), fileSize(45_600), fileSize(1_440_000), fileSize(5_040_000_000)]).toEqual(["900 B", "46 kB", "1.4 MB", "5.0 GB"]);
    expect([fileName("/home/me/Props/scarab.glb"), folderName("C:\\Props\\scarab.glb")]).toEqual(["scarab.glb", "Props"]);
  });
});
