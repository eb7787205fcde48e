import assert from 'node:assert/strict';
import { resultText } from '../../../runner/wording/resultText.ts';

describe('sentences in a table', () => {
  it('are shown in full over several lines, and words without a space in pieces', () => {
    const text = resultText({
      title: 'T', command: '',
      blocks: [{ kind: 'table', columns: [{ label: 'Where', wrap: true }, { label: 'What', wrap: true }, { label: 'N', numeric: true }], rows: [['abcdefghijklmnop', 'one two three four', 7], ['b', 'five', 10]] }],
    }, { width: 26, color: false });
    assert.equal(text, [
      'T', '',
      'Where       What         N',
      'abcdefghij  one two      7',
      'klmnop      three four',
      'b           five        10',
    ].join('\n'));
  });
});
