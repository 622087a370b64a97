/** Work to be done when a test file is over, registered by whoever keeps something until then. */
type Ending = () => Promise<void>;

const endings = new Set<Ending>();

/** Once for all files that share a process, and so this module. */
export const atEndOfFile = (ending: Ending): void => void endings.add(ending);

export async function endFile(): Promise<void> {
  await Promise.all([...endings].map((ending) => ending()));
}

let blamed: readonly string[] = [];

/** Of what is open, what no file before has been blamed for: one that leaks fails alone, not with all after it. */
export function notYetBlamed(open: readonly string[]): readonly string[] {
  const left = [...blamed];
  const fresh = open.filter((name) => {
    const at = left.indexOf(name);
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
  blamed = open;
  return fresh;
}
