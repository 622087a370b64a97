/** All rows of the fault matrix, in its order, and those that came later. */
import type { Row } from "./harness/row.ts";
import { workerKilled } from "./rows/01-worker-killed.ts";
import { workersKilledInTurn } from "./rows/02-rolling-kills.ts";
import { redisKilledToo } from "./rows/03-redis-killed-too.ts";
import { deadlyEvent } from "./rows/04-deadly-event.ts";
import { redisDown } from "./rows/05-redis-down.ts";
import { redisKilled } from "./rows/06-redis-killed.ts";
import { unsafeRedis } from "./rows/07-unsafe-redis.ts";
import { failover } from "./rows/08-failover.ts";
import { blackHole } from "./rows/09-black-hole.ts";
import { redisFrozen } from "./rows/10-redis-frozen.ts";
import { startedWithoutRedis } from "./rows/11-started-without-redis.ts";
import { outOfMemory } from "./rows/12-out-of-memory.ts";
import { readOnly } from "./rows/13-read-only.ts";
import { neverAnswers } from "./rows/14-never-answers.ts";
import { staleConnection } from "./rows/15-stale-connection.ts";
import { hugeAnswers } from "./rows/16-huge-answers.ts";
import { deadEndpoint } from "./rows/17-dead-endpoint.ts";
import { toldToWait } from "./rows/18-told-to-wait.ts";
import { badCertificates } from "./rows/19-bad-certificates.ts";
import { toldToStop } from "./rows/20-told-to-stop.ts";
import { wrongClock } from "./rows/21-wrong-clock.ts";
import { publishedAtOnce } from "./rows/22-published-at-once.ts";
import { disabledWhileWaiting } from "./rows/23-disabled-while-waiting.ts";
import { dueTogether } from "./rows/24-due-together.ts";
import { everythingFor } from "./rows/25-everything.ts";
import { rollingRestart } from "./rows/26-rolling-restart.ts";
import { killedAtEachWrite } from "./rows/27-killed-at-each-write.ts";
import { namesUnanswered } from "./rows/28-names-unanswered.ts";
import { slowAnswers } from "./rows/29-slow-answers.ts";
import { parkedMountain } from "./rows/30-parked-mountain.ts";
import { demotedMaster } from "./rows/31-demoted-master.ts";
import { clusterOwnerKilled } from "./rows/32-cluster-owner-killed.ts";
import { countsAfterKills } from "./rows/33-counts-after-kills.ts";
import { recreatedEndpoint } from "./rows/34-recreated-endpoint.ts";
import { fullLog } from "./rows/35-full-log.ts";
import { embeddedKilled } from "./rows/36-embedded-killed.ts";
import { busInTrouble } from "./rows/37-bus-in-trouble.ts";
import { switchInTrouble } from "./rows/38-switch-in-trouble.ts";
import { sentinelFailover } from "./rows/40-sentinel-failover.ts";
import { shardOwnerKilled } from "./rows/41-shard-owner-killed.ts";

/** `minutes`: how long row 25 goes on. */
export function matrix(minutes: number): readonly Row[] {
  return [
    workerKilled,
    workersKilledInTurn,
    redisKilledToo,
    deadlyEvent,
    redisDown,
    redisKilled,
    unsafeRedis,
    failover,
    blackHole,
    redisFrozen,
    startedWithoutRedis,
    outOfMemory,
    readOnly,
    neverAnswers,
    staleConnection,
    hugeAnswers,
    deadEndpoint,
    toldToWait,
    badCertificates,
    toldToStop,
    wrongClock,
    publishedAtOnce,
    disabledWhileWaiting,
    dueTogether,
    everythingFor(minutes),
    rollingRestart,
    killedAtEachWrite(1),
    namesUnanswered,
    slowAnswers,
    parkedMountain,
    demotedMaster,
    clusterOwnerKilled,
    countsAfterKills,
    recreatedEndpoint,
    fullLog,
    embeddedKilled,
    busInTrouble,
    switchInTrouble,
    sentinelFailover,
    shardOwnerKilled,
  ];
}
