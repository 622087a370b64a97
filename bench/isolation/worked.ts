/** The counts of a worker under trouble, as its process tells them. */
import { z } from "zod";

export const workedSchema = z.object({
  cpuUs: z.number(),
  delivered: z.number(),
  held: z.number(),
  /** Of retries, in ms after they were due. */
  lateMs: z.array(z.number()),
});
export type Worked = z.output<typeof workedSchema>;
