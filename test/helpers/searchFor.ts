import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The forms in which a secret may be somewhere: as it is, in an address, in JSON, in HTML, in base64 at each of three places. */
function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  const base64 = [0, 1, 2].map((before) => Buffer.concat([Buffer.alloc(before), bytes]).toString('base64').slice(Math.ceil((before * 4) / 3), Math.floor(((before + bytes.length) * 4) / 3)));
  const encoded = encodeURIComponent(secret);
  return [
    secret, encoded, encoded.replace(/%../g, (code) => code.toLowerCase()), encodeURIComponent(encoded), JSON.stringify(secret).slice(1, -1), secret.replaceAll('&', '&amp;'),
    ...base64, ...base64.map((form) => form.replaceAll('+', '-').replaceAll('/', '_')), ...base64.map(encodeURIComponent), bytes.toString('hex'),
  ];
}

/** Every file below a folder, as bytes written as Latin-1, by path. */
export function filesBelow(folder: string): readonly (readonly [path: string, content: string])[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name)).map((path) => [path, readFileSync(path, 'latin1')]);
}

/** Where any of the secrets is, in any form, with what is around it; empty when they are nowhere. */
export function whereSecretsAre(secrets: Readonly<Record<string, string>>, texts: Iterable<readonly [name: string, text: string]>): readonly string[] {
  const forms = Object.entries(secrets).flatMap(([name, secret]) => [...new Set(formsOf(secret))].map((form) => ({ name, form })));
  return [...texts].flatMap(([place, text]) => forms.flatMap(({ name, form }) => {
    const at = text.indexOf(form);
    return at < 0 ? [] : [`${name} in ${place}: …${text.slice(Math.max(0, at - 80), at + form.length + 20)}…`];
  }));
}
