/** Text for a terminal: how it is to look, where there are looks. */

/** Leaves the text as it is where its stream, or NO_COLOR, wants no colours. */
export type Style = (look: "bold" | "dim" | "red" | "green" | "yellow" | "cyan", text: string) => string;
