/** A fleet of workers under a supervisor: one that dies is replaced by a new one. */
import type { WorkerProcess } from "../../support/workers.ts";

export interface Fleet extends AsyncDisposable {
  /** Those that run now. */
  readonly members: () => readonly WorkerProcess[];
  /** The number of members that have died so far. */
  readonly deaths: () => number;
  readonly onDeath: (listener: () => void) => void;
  /** Resolves when all of them run again. */
  readonly complete: () => Promise<void>;
}

export async function keepRunning(count: number, start: () => Promise<WorkerProcess>): Promise<Fleet> {
  const members = new Set<WorkerProcess>();
  const starting = new Set<Promise<void>>();
  const listeners: (() => void)[] = [];
  let isOver = false;
  let deaths = 0;
  const add = async (): Promise<void> => {
    const worker = await start();
    if (isOver) return void (await worker.kill("SIGKILL"));
    members.add(worker);
    void worker.ended.then(() => {
      members.delete(worker);
      if (isOver) return;
      deaths += 1;
      for (const tell of listeners) tell();
      begin();
    });
  };
  const begin = (): void => {
    // One that died while it started is started again: that is what a supervisor is for.
    const begun = add()
      .catch(() => {
        if (!isOver) begin();
      })
      .finally(() => starting.delete(begun));
    starting.add(begun);
  };
  const complete = async (): Promise<void> => {
    while (starting.size > 0) await Promise.all(starting);
  };
  // At first nothing has been done to them: one that does not start never will.
  await Promise.all(Array.from({ length: count }, add));
  return {
    members: () => [...members],
    deaths: () => deaths,
    onDeath: (listener) => {
      listeners.push(listener);
    },
    complete,
    [Symbol.asyncDispose]: async () => {
      isOver = true;
      await complete();
      await Promise.all([...members].map((worker) => worker.kill("SIGKILL")));
    },
  };
}
