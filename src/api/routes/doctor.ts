/** The doctor: this installation, looked at by the process that serves the request. It takes half a minute at the most. */
import { z } from "zod";
import type { Checkup, Doctor } from "../../manage/doctor/doctor.ts";
import { type Api, endpointId, operation } from "../routing.ts";

const shownFinding = z.object({
  check: z
    .string()
    .describe("The thing that was looked at, such as `redis.memory`; docs/doctor.md lists them."),
  level: z.enum(["ok", "warning", "broken"]),
  seen: z.string(),
  remedy: z.string().nullable().describe("What to do; null where nothing is to be done."),
  about: z.array(z.string()).describe("Ids of the endpoints that it is about, where it is about some."),
});
export type ShownFinding = z.output<typeof shownFinding>;

export const shownCheckup = z.object({
  level: z.enum(["ok", "warning", "broken"]).describe("The worst of all findings."),
  version: z.string().describe("Of the process that has looked."),
  findings: z.array(shownFinding),
});

export type ShownCheckup = z.output<typeof shownCheckup>;

const query = z.strictObject({
  endpoint: z
    .union([endpointId.transform((id) => [id]), z.array(endpointId).max(100)])
    .optional()
    .describe("Only this endpoint's receiver, or several; those of all active endpoints when absent."),
});

const SUMMARY = "Look at the installation: settings, Redis, work and receivers; nothing is sent";

export function addDoctorRoute(app: Api, doctor: Doctor): void {
  const schema = { querystring: query, response: { 200: shownCheckup } };
  app.get("/api/v1/doctor", operation("admin", "Health", "doctor", SUMMARY, schema), async (request) => {
    const { endpoint } = request.query;
    return inJson(await doctor(endpoint === undefined ? {} : { endpoints: endpoint }));
  });
}

const inJson = ({ level, version, findings }: Checkup): ShownCheckup => ({
  level,
  version,
  findings: findings.map((one) => ({ ...one, about: [...one.about] })),
});
