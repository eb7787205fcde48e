import { SpimquantError } from '../../protocol/errors.ts';
import { columnNames, textValues } from '../../tables/table.ts';
import { readTsv } from '../../tables/tsv.ts';
import type { ParticipantTable } from './contrast.ts';

/**
 * Reads participants.tsv, every cell as text (a group called 01 is not the number one). Ids get their `sub-` when the file
 * leaves it out. Throws `bad-dataset` without a column participant_id or with a participant twice.
 */
export function readParticipants(content: Uint8Array, where: string): ParticipantTable {
  const header = columnNames(readTsv(content, { name: where }));
  const table = readTsv(content, { name: where, text: header });
  if (!header.includes('participant_id')) {
    throw new SpimquantError('bad-dataset', 'participants.tsv has no column participant_id.', { where, hint: `Its columns are: ${header.join(', ')}. The first must be participant_id, with values like sub-01.` });
  }
  const columns = header.filter((name) => name !== 'participant_id');
  const cells = columns.map((name) => textValues(table, name));
  const rows = new Map<string, Readonly<Record<string, string>>>();
  textValues(table, 'participant_id').forEach((id, row) => {
    if (id === '') return;
    const participant = id.startsWith('sub-') ? id : `sub-${id}`;
    if (rows.has(participant)) throw new SpimquantError('bad-dataset', `participants.tsv has two rows for ${participant}.`, { where, hint: 'Keep one row a participant; values that change between sessions belong into sessions.tsv.' });
    rows.set(participant, Object.fromEntries(columns.map((name, i) => [name, cells[i][row]])));
  });
  return { columns, rows };
}
