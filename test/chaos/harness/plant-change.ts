/** A change of one module, as text, while it is being loaded. */
export interface Change {
  /** The end of the module's path. */
  readonly module: string;
  readonly text: string;
  readonly instead: string;
}
