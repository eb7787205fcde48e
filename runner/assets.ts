import { fileURLToPath } from 'node:url';

/**
 * Path of a file that the build puts beside the program: WebAssembly modules and fonts. Works from the sources
 * (`runner/…`) and from the bundle (`dist/…`) alike.
 */
export function assetPath(name: string): string {
  const base = import.meta.url.endsWith('.ts') ? '../dist/assets/' : './assets/';
  return fileURLToPath(new URL(base + name, import.meta.url));
}
