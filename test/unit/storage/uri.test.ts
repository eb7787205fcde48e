import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { checkKey, folderKey, formatUri, isRemote, joinKey, joinUri, normaliseUri, parseUri } from '../../../runner/storage/uri.ts';
import { isError } from '../../integration/storage/objectStoreSuite.ts';

describe('storage URIs', () => {
  it('tells buckets from folders', () => {
    assert.deepEqual(parseUri('s3://lab/bids/ds 1/'), { scheme: 's3', bucket: 'lab', prefix: 'bids/ds 1' });
    assert.deepEqual(parseUri('S3://lab'), { scheme: 's3', bucket: 'lab', prefix: '' });
    assert.deepEqual(parseUri('/data/bids/'), { scheme: 'local', path: '/data/bids' });
    assert.deepEqual(parseUri('bids', '/data'), { scheme: 'local', path: '/data/bids' });
    assert.deepEqual(parseUri('../bids', '/data/here'), { scheme: 'local', path: '/data/bids' });
    assert.deepEqual(parseUri('file:///data/with%20space/'), { scheme: 'local', path: '/data/with space' });
    assert.deepEqual(parseUri('/'), { scheme: 'local', path: '/' });
    assert.deepEqual(parseUri('.'), { scheme: 'local', path: resolve('.') });
  });

  it('takes keys in a bucket as they stand', () => {
    assert.equal(normaliseUri('s3://lab/50%25/a+b?x#y/'), 's3://lab/50%25/a+b?x#y');
    assert.equal(normaliseUri('s3://lab//a//b/'), 's3://lab/a//b');
  });

  it('says which schemes there are when one is not', () => {
    for (const uri of ['ftp://lab/bids', 'https://example.org/data']) {
      assert.throws(() => parseUri(uri), isError('bad-option', uri, 's3://', 'gs://', 'az://', 'local folders'));
    }
    assert.throws(() => parseUri('gcs://lab/bids'), isError('bad-option', 'gs://BUCKET'));
    assert.throws(() => parseUri('abfs://c@acc.dfs.core.windows.net/x'), isError('bad-option', 'az://ACCOUNT/CONTAINER'));
  });

  it('takes buckets of Google and containers of Azure', () => {
    assert.deepEqual(parseUri('gs://lab_1.b/bids/'), { scheme: 'gs', bucket: 'lab_1.b', prefix: 'bids' });
    assert.deepEqual(parseUri('az://labaccount/brains/bids/x'), { scheme: 'az', account: 'labaccount', bucket: 'brains', prefix: 'bids/x' });
    assert.equal(normaliseUri('az://labaccount/brains/'), 'az://labaccount/brains');
    assert.equal(joinUri('az://labaccount/brains', 'a'), 'az://labaccount/brains/a');
    for (const uri of ['az://lab', 'az://labaccount', 'az://labaccount/', 'az://lab.account/brains', 'az://labaccount/a--b', 'gs://', 'gs://x']) {
      assert.throws(() => parseUri(uri), isError('bad-option'), uri);
    }
  });

  it('refuses what cannot be a bucket or a folder', () => {
    for (const uri of ['', '  ', 's3://', 's3:///key', 's3://a', 's3://KEY:SECRET@lab/x', 's3://lab/../other', 'file://host/share/%zz']) {
      assert.throws(() => parseUri(uri), isError('bad-option'), uri);
    }
  });

  it('knows what goes over a network', () => {
    assert.deepEqual(['s3://lab', 'gs://lab', '/data', 'data', 'file:///data', 'C:\\data', 'a:b'].map(isRemote), [true, true, false, false, false, false, false]);
  });

  it('joins parts', () => {
    assert.equal(joinUri('s3://lab', 'a', 'b/c'), 's3://lab/a/b/c');
    assert.equal(joinUri('s3://lab/x/', '/a/', ''), 's3://lab/x/a');
    assert.equal(joinUri('/data', 'a', 'b'), '/data/a/b');
    assert.equal(joinUri('/data'), '/data');
    assert.equal(joinKey('', 'a/', '/b', ''), 'a/b');
    assert.throws(() => joinUri('/data', '../etc'), isError('bad-option'));
    assert.equal(formatUri({ scheme: 's3', bucket: 'lab', prefix: '' }), 's3://lab');
  });

  it('refuses keys that lead out of a store', () => {
    for (const key of ['a', 'a/b.c', '.hidden', 'a..b', 'ü/ +%?#']) checkKey(key, '/data');
    for (const key of ['', '/', '/a', 'a/', 'a//b', '.', 'a/./b', '..', 'a/..', 'a\tb']) assert.throws(() => checkKey(key, '/data'), isError('bad-option', '/data'), key);
    assert.equal(folderKey('a/b/', '/data'), 'a/b');
    assert.equal(folderKey('', '/data'), '');
  });

  it('never repeats what looks like a key in an address', () => {
    for (const uri of ['s3://AKIA1:planted/part@lab/bids', 's3://AKIA1:planted@lab/bids', 'https://me:planted@host/bids', 'https://host/bids?X-Amz-Signature=planted&a=1']) {
      assert.throws(() => parseUri(uri), (error: { message: string; where?: string; hint?: string }) => {
        assert.doesNotMatch(`${error.message} ${error.where} ${error.hint}`, /planted/);
        return true;
      });
    }
  });
});
