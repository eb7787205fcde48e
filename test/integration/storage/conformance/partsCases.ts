import assert from 'node:assert/strict';
import { childStore } from '../../../../runner/storage/open.ts';
import type { ObjectStore, OpenUpload, PartTag, PartUploads } from '../../../../runner/storage/objectStore.ts';
import { assertBytes, isError, listAll, pattern } from './assertions.ts';
import type { CaseGroup } from './case.ts';

const content = pattern(20 * 1024 * 1024 + 17);

async function partsOf(store: ObjectStore): Promise<PartUploads> {
  const parts = await store.parts?.();
  assert.ok(parts, 'the store takes no parts');
  return parts;
}

function pieces(parts: PartUploads): Uint8Array[] {
  const size = parts.partBytes(content.length);
  return Array.from({ length: Math.ceil(content.length / size) }, (_, index) => content.subarray(index * size, (index + 1) * size));
}

/** Sends all parts at once, the last first. */
function sendAll(parts: PartUploads, upload: OpenUpload): Promise<PartTag[]> {
  return Promise.all(pieces(parts).map((piece, index) => ({ piece, index })).reverse().map(({ piece, index }) => parts.send(upload, index, piece)));
}

export const partsCases: CaseGroup = {
  title: 'Uploads in parts that outlive their process',
  cases: [
    {
      id: 'parts-whole',
      title: 'the object is seen when all of it is there, and not before; an old one stays until then',
      run: async ({ store }) => {
        const parts = await partsOf(store);
        for (const key of ['parts/new.bin', 'parts/old.bin']) {
          if (key.includes('old')) await store.write(key, 'old');
          const before = await store.stat(key);
          const upload = await parts.begin(key, content.length);
          assert.equal(upload.key, key);
          const sent = await sendAll(parts, upload);
          assert.deepEqual(await store.stat(key), before);
          const written = await parts.complete(upload, sent);
          assert.equal(written.size, content.length);
          assert.equal(written.version, (await store.stat(key))?.version);
          assertBytes(await store.read(key), content);
        }
        assert.deepEqual((await listAll(store, 'parts', { recursive: true })).map(({ key }) => key), ['parts/new.bin', 'parts/old.bin']);
      },
    },
    {
      id: 'parts-resume',
      title: 'another process goes on from the parts that are there',
      run: async ({ store }) => {
        const parts = await partsOf(store);
        const begun = await parts.begin('parts-resume/object.bin', content.length);
        const all = pieces(parts);
        const last = all.length - 1;
        const sent = [await parts.send(begun, last, all[last]), await parts.send(begun, 0, all[0])];
        const kept = JSON.parse(JSON.stringify({ begun, sent })) as { readonly begun: OpenUpload; readonly sent: readonly PartTag[] };
        const again = await partsOf(store);
        const there = await again.confirm(kept.begun, kept.sent);
        assert.deepEqual(there, kept.sent);
        const rest = await Promise.all(all.slice(1, -1).map((piece, index) => again.send(kept.begun, index + 1, piece)));
        await again.complete(kept.begun, [...there ?? [], ...rest]);
        assertBytes(await store.read('parts-resume/object.bin'), content);
      },
    },
    {
      id: 'parts-twice',
      title: 'a part may be sent again, and the later one counts',
      run: async ({ store }) => {
        const parts = await partsOf(store);
        const upload = await parts.begin('parts-twice/object.bin', content.length);
        const sent = await sendAll(parts, upload);
        const [, second] = pieces(parts);
        await parts.send(upload, 1, second.slice().fill(7));
        const again = await parts.send(upload, 1, second);
        await parts.complete(upload, [...sent.filter(({ index }) => index !== 1), again]);
        assertBytes(await store.read('parts-twice/object.bin'), content);
      },
    },
    {
      id: 'parts-abandon',
      title: 'nothing stays of what is abandoned, and abandoning twice is no error',
      run: async ({ store }) => {
        const parts = await partsOf(store);
        const upload = await parts.begin('parts-gone/object.bin', content.length);
        const sent = await parts.send(upload, 0, pieces(parts)[0]);
        await parts.abandon(upload);
        await parts.abandon(upload);
        assert.equal((await parts.confirm(upload, [sent]))?.length ?? 0, 0);
        assert.deepEqual(await listAll(store, 'parts-gone', { recursive: true }), []);
      },
    },
    {
      id: 'parts-lost-answer',
      title: 'a completed upload is known by its object when the answer was lost',
      run: async (bench) => {
        const parts = await partsOf(bench.store);
        const upload = await parts.begin('parts-lost/object.bin', content.length);
        const sent = await sendAll(parts, upload);
        bench.faults.inject({ kind: 'lose-answer' }, 'finish');
        const written = await parts.complete(upload, sent);
        assert.equal(written.version, (await bench.store.stat('parts-lost/object.bin'))?.version);
        assertBytes(await bench.store.read('parts-lost/object.bin'), content);
      },
    },
    {
      id: 'parts-faults',
      title: 'sending, asking and completing are tried again after faults of the service and the line',
      run: async (bench) => {
        const parts = await partsOf(bench.store);
        const upload = await parts.begin('parts-faults/object.bin', content.length);
        bench.faults.inject({ kind: 'status', status: 503 }, 'part', 2);
        bench.faults.inject({ kind: 'reset' }, 'part');
        const sent = await sendAll(parts, upload);
        bench.faults.inject({ kind: 'status', status: 500 }, 'any');
        assert.equal((await parts.confirm(upload, sent))?.length, sent.length);
        bench.faults.inject({ kind: 'status', status: 503 }, 'finish');
        await parts.complete(upload, sent);
        assertBytes(await bench.store.read('parts-faults/object.bin'), content);
      },
    },
    {
      id: 'parts-child',
      title: 'a folder of the store takes parts too',
      run: async ({ store }) => {
        const parts = await partsOf(childStore(store, 'parts-child/below'));
        const upload = await parts.begin('object.bin', content.length);
        const sent = await sendAll(parts, upload);
        assert.equal((await parts.confirm(upload, sent))?.length, sent.length);
        assert.equal((await parts.complete(upload, sent)).key, 'object.bin');
        assertBytes(await store.read('parts-child/below/object.bin'), content);
      },
    },
    {
      id: 'parts-names',
      title: 'names that leave the store are refused, and an aborted signal stops',
      run: async ({ store }) => {
        const parts = await partsOf(store);
        await assert.rejects(parts.begin('../up', 10), isError('bad-option'));
        const signal = AbortSignal.abort();
        await assert.rejects(parts.begin('parts-stop/object.bin', 10, { signal }), isError('cancelled'));
        const upload = await parts.begin('parts-stop/object.bin', content.length);
        await assert.rejects(parts.send(upload, 0, pieces(parts)[0], { signal }), isError('cancelled'));
        await parts.abandon(upload);
      },
    },
  ],
};
