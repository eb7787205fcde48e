import assert from 'node:assert/strict';
import { parseHalf } from '../../../runner/storage/complete.ts';

describe('half-written places', () => {
  const half = (prefix: string): unknown => parseHalf(prefix, '/data/here', '/home/u');

  it('are taken apart into a whole folder and the beginning of a name', () => {
    assert.deepEqual(half('/data/bi'), { kind: 'local', folder: '/data', name: 'bi' });
    assert.deepEqual(half('/data/'), { kind: 'local', folder: '/data', name: '' });
    assert.deepEqual(half('/'), { kind: 'local', folder: '/', name: '' });
    assert.deepEqual(half('/da'), { kind: 'local', folder: '/', name: 'da' });
    assert.deepEqual(half('da'), { kind: 'local', folder: '/data/here', name: 'da' });
    assert.deepEqual(half(''), { kind: 'local', folder: '/data/here', name: '' });
    assert.deepEqual(half('./a/../b'), { kind: 'local', folder: '/data/here', name: 'b' });
    assert.deepEqual(half('..'), { kind: 'local', folder: '/data', name: '' });
    assert.deepEqual(half('./a/.'), { kind: 'local', folder: '/data/here/a', name: '.' });
    assert.deepEqual(half('~'), { kind: 'local', folder: '/home/u', name: '' });
    assert.deepEqual(half('~/mice/.h'), { kind: 'local', folder: '/home/u/mice', name: '.h' });
    assert.deepEqual(half('file:///data/my%20bids/'), { kind: 'local', folder: '/data/my bids', name: '' });
  });

  it('in buckets name a bucket, then folders', () => {
    assert.deepEqual(half('s3://'), { kind: 'buckets', scheme: 's3', name: '' });
    assert.deepEqual(half('S3://la'), { kind: 'buckets', scheme: 's3', name: 'la' });
    assert.deepEqual(half('s3://lab/'), { kind: 'bucket', uri: 's3://lab', folder: '', name: '' });
    assert.deepEqual(half('s3://lab/bi'), { kind: 'bucket', uri: 's3://lab', folder: '', name: 'bi' });
    assert.deepEqual(half('s3://lab/bids/sub-0'), { kind: 'bucket', uri: 's3://lab', folder: 'bids', name: 'sub-0' });
    assert.deepEqual(half('gs://la'), { kind: 'buckets', scheme: 'gs', name: 'la' });
    assert.deepEqual(half('gs://lab/x'), { kind: 'bucket', uri: 'gs://lab', folder: '', name: 'x' });
  });

  it('at Azure name an account before the container', () => {
    assert.deepEqual(half('az://'), { kind: 'accounts', name: '' });
    assert.deepEqual(half('az://la'), { kind: 'accounts', name: 'la' });
    assert.deepEqual(half('az://lab/'), { kind: 'containers', account: 'lab', name: '' });
    assert.deepEqual(half('az://lab/mi'), { kind: 'containers', account: 'lab', name: 'mi' });
    assert.deepEqual(half('az://lab/mice/bids/sub'), { kind: 'bucket', uri: 'az://lab/mice', folder: 'bids', name: 'sub' });
  });

  it('of other kinds cannot be completed', () => {
    assert.deepEqual(half('http://lab/x'), { kind: 'nothing' });
    assert.deepEqual(half('file://host%'), { kind: 'nothing' });
  });
});
