/** Loaded into a process before everything else: its clock is off by CHAOS_CLOCK_MS. */
const offsetMs = Number(process.env["CHAOS_CLOCK_MS"]);
const realNow = Date.now;
Date.now = () => realNow() + offsetMs;
