import { describe, expect, it } from "vitest";
import { klipstream } from "../../../../src/wire/profiles/klipstream.ts";
import { anEvent, aSigning } from "../samples.ts";

const bodyOf = (data: string): string => klipstream.body(anEvent({ type: "job.completed", data }));
const AT = '"timestamp":"2025-03-04T05:06:07Z"';

describe("the klipstream profile", () => {
  it("writes its five members in their order, each byte of the job's own data as the producer wrote it", () => {
    const own = '{ "n": 12345678901234567890, "a":1.0, "a":"\\u00e9\\/é" }';
    expect(bodyOf(`{"data":${own}, "video_id": "v\\/1", "job_id":"j"}`)).toBe(
      `{"event":"job.completed","job_id":"j","video_id":"v\\/1",${AT},"data":${own}}`,
    );
  });

  it.each([
    ["without data", '{"job_id":"j","video_id":"v"}', `"j","video_id":"v",${AT},"data":{}`],
    ["without a video", '{"job_id":"j","data":{"a":1}}', `"j","video_id":null,${AT},"data":{"a":1}`],
    ["with null for data", '{"job_id":"j","data":null}', `"j","video_id":null,${AT},"data":null`],
    ["with more than that", '{"job_id":"j","data":{},"b":2}', `"j","video_id":null,${AT},"data":{}`],
  ])("fills in what a job comes %s", (_, data, rest) => {
    expect(bodyOf(data)).toBe(`{"event":"job.completed","job_id":${rest}}`);
  });

  it.each(['{"amount":4}', " [1, 2]", '"text"', "null", "{}"])(
    "carries the data of an event that is no job's as a whole: %s",
    (data) => {
      expect(bodyOf(data)).toBe(
        `{"event":"job.completed","job_id":null,"video_id":null,${AT},"data":${data}}`,
      );
    },
  );

  it("signs in one header", () => {
    expect(klipstream.headers(anEvent(), "{}", aSigning({ secrets: ["s"] }))).toEqual({
      "X-KlipStream-Signature": "sha256=143ca8d517ba1b181025d732b1cf275d90104fca57bb02a565542978aa18c4b6",
    });
  });
});
