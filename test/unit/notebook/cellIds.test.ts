import { strict as assert } from 'node:assert';
import { cellsWithoutOwnId, idFromMetadata, metadataWithId } from '../../../extension/notebook/cellIds.ts';

describe('ids of cells', () => {
  it('are made for cells without one and for copies', () => {
    assert.deepEqual(cellsWithoutOwnId(['a', undefined, 'b', 'a']), [1, 3]);
  });

  it('stay with the cell that was there before, also when the copy is put above it', () => {
    assert.deepEqual(cellsWithoutOwnId(['a', 'a', 'b'], (index) => index === 0), [0]);
  });

  it('stand where each kind of notebook keeps them', () => {
    assert.deepEqual(metadataWithId({ extra: 1 }, 'spimquant-notebook', 'n'), { extra: 1, id: 'n' });
    assert.deepEqual(metadataWithId({ id: 'old', metadata: { tags: ['t'] } }, 'jupyter-notebook', 'n'), { id: 'n', metadata: { tags: ['t'] } });
    // Notebooks before format 4.5 have no ids of their own.
    const older = metadataWithId({ metadata: { tags: ['t'] } }, 'jupyter-notebook', 'n');
    assert.deepEqual(older, { metadata: { tags: ['t'], spimquant: { id: 'n' } } });
    assert.equal(idFromMetadata(older), 'n');
  });
});
