/** The order of participants is that of their folders' keys, in which buckets list them: `sub-1/`, `sub-10/`, `sub-2/`. Labels are without `sub-`. */
export function compareLabels(a: string, b: string): number {
  const [one, other] = [`${a}/`, `${b}/`];
  return one < other ? -1 : one > other ? 1 : 0;
}
