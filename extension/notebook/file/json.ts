/** Fields of a JSON object, whatever they hold. */
export type JsonFields = { readonly [key: string]: unknown };

/** What a file's object holds beyond what this version knows, and the order of all its keys. Kept so that nothing is lost. */
export interface Extra {
  readonly fields: JsonFields;
  readonly order: readonly string[];
}

export function isObject(value: unknown): value is JsonFields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The unknown fields of an object, or undefined when there are none. */
export function splitKnown(value: JsonFields, known: readonly string[]): Extra | undefined {
  const unknown = Object.entries(value).filter(([key]) => !known.includes(key));
  return unknown.length === 0 ? undefined : { fields: Object.fromEntries(unknown), order: Object.keys(value) };
}

/** Known fields in their order, those that are undefined left out; with extra fields, in the order the file had. */
export function orderedObject(known: JsonFields, extra: Extra | undefined): JsonFields {
  const all: Record<string, unknown> = {};
  for (const [key, value] of Object.entries({ ...known, ...extra?.fields })) if (value !== undefined) all[key] = value;
  if (extra === undefined) return all;
  const keys = [...extra.order.filter((key) => key in all), ...Object.keys(all).filter((key) => !extra.order.includes(key))];
  return Object.fromEntries(keys.map((key) => [key, all[key]]));
}
