import { htmlTable } from '../../figures/html.ts';
import { escapeHtml } from '../../wording/escape.ts';
import type { Provenance } from '../../protocol/options.ts';

/** How the results were made: program, parameters, and where it differs from upstream on purpose. */
export function provenanceSection(provenance: Provenance): string {
  const rows = Object.entries(provenance.Parameters).map(([name, value]) => [name, Array.isArray(value) && value.length === 0 ? 'default' : typeof value === 'string' ? value : JSON.stringify(value)]);
  const parameters = rows.length === 0 ? '' : `<details><summary>Parameters</summary>${htmlTable('Parameters', [{ label: 'Option' }, { label: 'Value' }], rows, false)}</details>`;
  const differences = provenance.Differences.length === 0 ? '' : `<details><summary>Differences from upstream SPIMquant</summary><ul>${provenance.Differences.map((difference) => `<li>${escapeHtml(difference)}</li>`).join('')}</ul></details>`;
  return `<p>${escapeHtml(provenance.Name)} ${escapeHtml(provenance.Version)}, ${escapeHtml(provenance.Engine)} engine.</p>${parameters}${differences}`;
}
