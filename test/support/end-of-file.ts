/** Work to be done when a test file is over, registered by whoever keeps something until then. */
type Ending = () => Promise<void>;

const endings = new Set<Ending>();

/** Once for all files that share a process, and so this module. */
export const atEndOfFile = (ending: Ending): void => void endings.add(ending);

export async function endFile(): Promise<void> {
  await Promise.all([...endings].map((ending) => ending()));
}
