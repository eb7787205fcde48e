/** A name as one part of an address: everything is encoded but letters, digits and `-._~`. */
export function encodeName(name: string): string {
  return encodeURIComponent(name).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** The key of an object as a path: its slashes stay. */
export function encodeKey(key: string): string {
  return key.split('/').map(encodeName).join('/');
}

/** The text of the first element of a name, as it is written: the documents of the services are flat. */
export function elementText(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
}
