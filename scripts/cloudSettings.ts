// Writes the settings of cloud machines, which the command language describes, into package.json.
// Usage: node scripts/with-node.mjs scripts/cloudSettings.ts
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { cloudSettingContributions, restrictedCloudSettings } from '../runner/command/cloudSettings.ts';
import type { JsonObject } from '../runner/protocol/json.ts';

/** What is read and written of package.json. */
interface Manifest {
  readonly capabilities: { readonly untrustedWorkspaces: { readonly restrictedConfigurations: readonly string[] } };
  readonly contributes: { readonly configuration: { readonly properties: Readonly<Record<string, JsonObject>> } };
}

/** package.json with the settings as they are to be: those of cloud machines after the others. */
export function withCloudSettings(text: string): string {
  const manifest = JSON.parse(text) as Manifest;
  const isOther = (id: string): boolean => !id.startsWith('spimquant.cloud.');
  const { capabilities, contributes } = manifest;
  const properties = { ...Object.fromEntries(Object.entries(contributes.configuration.properties).filter(([id]) => isOther(id))), ...cloudSettingContributions() };
  const restrictedConfigurations = [...capabilities.untrustedWorkspaces.restrictedConfigurations.filter(isOther), ...restrictedCloudSettings()];
  return `${JSON.stringify({
    ...manifest,
    capabilities: { ...capabilities, untrustedWorkspaces: { ...capabilities.untrustedWorkspaces, restrictedConfigurations } },
    contributes: { ...contributes, configuration: { ...contributes.configuration, properties } },
  }, null, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const manifest = new URL('../package.json', import.meta.url);
  await writeFile(manifest, withCloudSettings(await readFile(manifest, 'utf8')));
}
