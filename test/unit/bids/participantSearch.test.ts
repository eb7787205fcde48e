import assert from 'node:assert/strict';
import { suggestTerms, withTerm } from '../../../extension/explorer/datasets/searchTerms.ts';
import { parseParticipants, summariseColumns } from '../../../runner/bids/participants.ts';
import { parseSearch, participantMatcher } from '../../../runner/bids/participantSearch.ts';

const table = parseParticipants([
  'participant_id\ttreatment\tage\tdose (mg)\tNote', 'sub-01\tdrug\t31\t0.5\tlow dose', 'sub-02\tcontrol\t45\tn/a\tx=y', 'sub-03\tdrug B\t9\t1e1\t', 'sub-AS36\tDrug\tn/a\t2\tlow dose',
].join('\n'), 'participants.tsv');
const labels = ['01', '02', '03', 'AS36', '05'];

/** Labels that fit, or why none can. */
function found(search: string): string {
  const matcher = participantMatcher(search, table);
  return matcher.problem ?? labels.filter((label) => matcher.match(label) !== undefined).join(' ');
}

describe('searching participants', () => {
  it('takes words apart, and leaves what is in quotes together', () => {
    assert.deepEqual(parseSearch(' 017 "low dose" treatment="drug B" age>=30 \'dose (mg)\'!=2 '), [
      { kind: 'text', text: '017' }, { kind: 'text', text: 'low dose' }, { kind: 'column', column: 'treatment', comparison: '=', value: 'drug B' },
      { kind: 'column', column: 'age', comparison: '>=', value: '30' }, { kind: 'column', column: 'dose (mg)', comparison: '!=', value: '2' },
    ]);
    // Half written, as it is while somebody types.
    assert.deepEqual(parseSearch('treatment="drug'), [{ kind: 'column', column: 'treatment', comparison: '=', value: 'drug' }]);
    assert.deepEqual(parseSearch('=x "" '), [{ kind: 'text', text: '=x' }]);
  });

  for (const [search, expected] of [
    ['', '01 02 03 AS36 05'],
    ['sub-0', '01 02 03 05'],
    ['as36', 'AS36'],
    ['drug', '01 03 AS36'],
    ['"low dose"', '01 AS36'],
    ['x=y', 'participants.tsv has no column x.'],
    ['treatment=drug', '01 AS36'],
    ['treatment=drug*', '01 03 AS36'],
    ['treatment!=drug', '02 03 05'],
    ['note=', '03 05'],
    ['age>9', '01 02'],
    ['age<=31 drug', '01 03'],
    ['age>old', ''],
    ['"dose (mg)">=2', '03 AS36'],
    ['participant_id=sub-03', '03'],
    ['label!=01 drug', '03 AS36'],
    ['treatmnt=drug', 'participants.tsv has no column treatmnt. Did you mean treatment?'],
    ['treatment=d.ug', ''],
  ] as const) {
    it(`finds ${expected === '' ? 'nobody' : expected} by ${search === '' ? 'nothing' : search}`, () => assert.equal(found(search), expected));
  }

  it('says which values made a participant fit, and why nobody can without a table', () => {
    assert.deepEqual(participantMatcher('age>30 low', table).match('01'), [{ name: 'age', value: '31' }, { name: 'Note', value: 'low dose' }]);
    assert.deepEqual(participantMatcher('01', undefined).match('01'), []);
    assert.match(participantMatcher('age>3', undefined).problem ?? '', /no participants\.tsv/);
  });
});

describe('what a search could go on with', () => {
  const columns = summariseColumns(parseParticipants(['participant_id\ttreatment\tage\tsex', ...Array.from({ length: 20 }, (_, i) => `sub-${i}\t${i % 4 === 0 ? 'high dose' : 'control'}\t${20 + i}\t${i % 2 === 0 ? 'F' : 'M'}`)].join('\n'), ''));

  it('is columns with their values, the most frequent first, and from where to where numbers go', () => {
    assert.deepEqual(suggestTerms('', columns).map(({ term, detail }) => `${term} ${detail}`), [
      'treatment=control 15 participants', 'treatment="high dose" 5 participants', 'age> 20 to 39', 'sex=F 10 participants', 'sex=M 10 participants',
    ]);
    assert.deepEqual(suggestTerms('sex=F tre', columns).map(({ term }) => term), ['treatment=control', 'treatment="high dose"']);
    assert.deepEqual(suggestTerms('treatment="hi', columns).map(({ term }) => term), ['treatment="high dose"']);
    assert.deepEqual(suggestTerms('age>', columns), []);
    assert.deepEqual(suggestTerms('nothing', columns), []);
  });

  it('takes the place of the last word', () => {
    assert.equal(withTerm('sex=F tre', 'treatment="high dose"'), 'sex=F treatment="high dose" ');
    assert.equal(withTerm('a', 'age>'), 'age>');
    assert.equal(withTerm('treatment="hi', 'treatment="high dose"'), 'treatment="high dose" ');
  });
});
