/** Events without a meaning, told apart by their ids: evt_0, evt_1, … */
export const thingsMade = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ id: `evt_${n}`, type: "thing.made", data: { n } }));
