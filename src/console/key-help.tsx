/** All keys, for whoever asks with `?`. */
import { Modal } from "./modal.tsx";
import { PAGES } from "./page-list.ts";

const KEYS = [
  ["/", "find by id"],
  ["j, k", "next, previous row"],
  ["Enter", "open the row"],
  ["r", "send again, or try now"],
  ["c", "copy what the page is about"],
  ["space", "pause what is live"],
  ["?", "these keys"],
] as const;

export function KeyHelp({ close }: { readonly close: () => void }) {
  const pages = PAGES.flatMap(({ key, nav }) =>
    key === null || nav === null ? [] : [[`g ${key}`, nav] as const],
  );
  return (
    <Modal title="Keys" close={close}>
      <dl class="keys">
        {[...KEYS, ...pages].map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
