/** Replays of many dead letters, the newest first: how far each is. */
import type { ShownReplay } from "../../api/routes/replays.ts";
import { useList } from "../answers.tsx";
import { type Column, DataTable } from "../data-table.tsx";
import { api, page } from "../places.ts";
import { count, Id, State, Time } from "../words.tsx";
import { dealtWith, narrowing } from "./replay.tsx";

const COLUMNS: readonly Column<ShownReplay>[] = [
  { title: "State", width: "7rem", cell: ({ state }) => <State word={state} /> },
  { title: "Replay", width: "minmax(0, 2fr)", cell: ({ id }) => <Id id={id} href={page("replays", id)} /> },
  { title: "Letters", width: "minmax(0, 2fr)", cell: ({ filter }) => narrowing(filter) },
  {
    title: "Dealt with",
    width: "9rem",
    isNumber: true,
    cell: (replay) => `${count(dealtWith(replay))} of ${count(replay.total)}`,
  },
  { title: "Failed", width: "5rem", isNumber: true, cell: ({ failed }) => count(failed) },
  { title: "Begun", width: "13.5rem", cell: ({ created_at: at }) => <Time at={at} /> },
];

export function Replays() {
  const list = useList<ShownReplay>(api("replays"), {});
  return (
    <>
      <div class="head">
        <h1>Replays</h1>
        <div class="acts">
          <button type="button" onClick={list.again}>
            Read again
          </button>
        </div>
      </div>
      <DataTable
        what="replays"
        list={list}
        columns={COLUMNS}
        id={({ id }) => id}
        href={({ id }) => page("replays", id)}
        empty={
          <>
            No replay yet. One is begun from <a href={page("dead-letters")}>dead letters</a>, or by{" "}
            <code>hookwave dead-letters replay --all</code>
          </>
        }
      />
    </>
  );
}
