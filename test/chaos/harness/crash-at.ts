/**
 * Loaded into a worker: kills it just before one of its writes to a socket, be it a command for Redis or a POST. What
 * a process does between two of them nobody outside can tell, so these are all the moments at which it can die.
 * Counting begins with SIGUSR2.
 */
import { Socket } from "node:net";
import { Duplex } from "node:stream";

const crashAt = Number(process.env["CRASH_AT_WRITE"]);
let isCounting = false;
let writes = 0;

process.on("SIGUSR2", () => {
  isCounting = true;
});

Socket.prototype.write = function write(this: Socket, ...given: unknown[]): boolean {
  if (isCounting) writes += 1;
  if (isCounting && writes === crashAt) process.kill(process.pid, "SIGKILL");
  return Reflect.apply(Duplex.prototype.write, this, given);
};
