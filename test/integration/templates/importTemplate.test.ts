import assert from 'node:assert/strict';
import { gunzipSync, gzipSync } from 'node:zlib';
import { readNifti, writeNifti } from '../../../runner/image/nifti.ts';
import type { Volume } from '../../../runner/kernels/volume.ts';
import { importTemplateStage, importTemplateTasks } from '../../../runner/pipeline/import/importTemplate.ts';
import { templatePaths } from '../../../runner/pipeline/paths.ts';
import { SpimquantError } from '../../../runner/protocol/errors.ts';
import { LocalStore } from '../../../runner/storage/local/localStore.ts';
import { registeredTemplate } from '../../../runner/templates/registry.ts';
import { resolveTemplate } from '../../../runner/templates/resolve.ts';
import { resolveTemplateDir } from '../../../runner/templates/templateDir.ts';
import { readLabelTable } from '../../../runner/templates/labels.ts';
import { memoryContext } from '../../unit/pipeline/memoryContext.ts';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const small = (data: Volume['data']): Volume => ({ data, size: [5, 1, 2], affine: [-0.1, 0, 0, 3, 0, 0.1, 0, 0, 0, 0, 0.1, 0, 0, 0, 0, 1] });

describe('importing a template', () => {
  it('writes the phantom under upstream\'s names, the same bytes every time', async () => {
    const paths = templatePaths('phantom');
    const bytes: Uint8Array[][] = [];
    for (let round = 0; round < 2; round++) {
      const { context, stores } = memoryContext();
      const [task, ...others] = importTemplateTasks({ template: registeredTemplate('phantom'), segs: ['all', 'coarse'], options: {} });
      assert.equal(others.length, 0);
      assert.deepEqual(task.outputs.map(({ path }) => path), [
        paths.anat(), paths.mask(), paths.spim('YoPro'), paths.dseg('all'), paths.table('all'), paths.itksnap('all'), paths.dseg('coarse'), paths.table('coarse'), paths.itksnap('coarse'),
      ]);
      await importTemplateStage.run(task, context);
      bytes.push(await Promise.all(task.outputs.map(async ({ path }) => await stores.output.read(path) ?? assert.fail(path))));
    }
    assert.deepEqual(bytes[0], bytes[1]);
    const [, mask, , all, table] = bytes[0];
    const labels = new Set(readNifti(all).data);
    labels.delete(0);
    assert.deepEqual([...labels].sort((a, b) => a - b), readLabelTable(table, 'table').map(({ index }) => index).filter((index) => index > 0).sort((a, b) => a - b));
    assert.deepEqual(readNifti(mask).data.map((value) => (value > 0 ? 1 : 0)), Uint8Array.from(readNifti(all).data, (value) => (value > 0 ? 1 : 0)));
  });

  it('copies a folder\'s files, packs what is not packed, makes a missing mask and a missing table', async () => {
    const { context, stores, logged } = memoryContext();
    const plain = writeNifti(small(Float32Array.of(0, 1, 2, 0, 4, 5, -1, 7, 8, 9)), { gzip: false });
    const packed = new Uint8Array(gzipSync(writeNifti(small(Uint16Array.of(0, 2, 2, 5, 5, 2, 2, 0, 0, 5)), { gzip: false }), { level: 9 }));
    await stores.templates.write('tpl-Mine_T2w.nii', plain);
    await stores.templates.write('tpl-Mine_seg-all_dseg.nii.gz', packed);
    const template = await resolveTemplateDir(stores.templates, 'Mine');
    const tasks = importTemplateTasks({ template, segs: ['all'], options: {} });
    assert.deepEqual(tasks.map(({ id }) => id), ['template/Mine/anat', 'template/Mine/mask', 'template/Mine/seg-all']);
    assert.deepEqual(tasks[0].inputs, [{ place: 'templates', path: 'tpl-Mine_T2w.nii' }]);
    for (const task of tasks) await importTemplateStage.run(task, context);
    const output = async (path: string): Promise<Uint8Array> => (await stores.output.read(path)) ?? assert.fail(path);
    const paths = templatePaths('Mine');
    assert.deepEqual(new Uint8Array(gunzipSync(await output(paths.anat()))), plain);
    assert.deepEqual(await output(paths.dseg('all')), packed);
    assert.deepEqual(readNifti(await output(paths.mask())).data, Uint8Array.of(0, 1, 1, 0, 1, 1, 0, 1, 1, 1));
    assert.equal(new TextDecoder().decode(await output(paths.table('all'))), 'index\tname\n2\tLabel_2\n5\tLabel_5\n');
    assert.match(logged.join('\n'), /no brain mask/);
  });

  it('keeps one half, with the size unchanged, and names it so', async () => {
    for (const [side, expected] of [['left', [1, 2, 0, 0, 0, 6, 7, 0, 0, 0]], ['right', [0, 0, 3, 4, 5, 0, 0, 8, 9, 10]]] as const) {
      const { context, stores } = memoryContext();
      await stores.templates.write('tpl-Mine_anat.nii.gz', writeNifti(small(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10))));
      const [anat] = importTemplateTasks({ template: await resolveTemplateDir(stores.templates, 'Mine'), segs: [], options: { templateCrop: side } });
      assert.deepEqual(anat.outputs, [{ place: 'output', path: `tpl-Mine/tpl-Mine_desc-${side}crop_anat.nii.gz` }]);
      await importTemplateStage.run(anat, context);
      const image = readNifti((await stores.output.read(anat.outputs[0].path)) ?? assert.fail());
      assert.deepEqual([...image.data], expected);
      assert.deepEqual([...image.size], [5, 1, 2]);
    }
  });

  it('imports only the stain templates that subjects are registered to', () => {
    const template = registeredTemplate('ABAv3');
    const ids = (fixed?: readonly string[]): string[] => importTemplateTasks({ template, segs: ['coarse'], options: {}, ...(fixed === undefined ? {} : { fixed }) }).map(({ id }) => id);
    assert.deepEqual(ids([templatePaths('ABAv3').spim('Iba1')]), ['template/ABAv3/anat', 'template/ABAv3/mask', 'template/ABAv3/Iba1', 'template/ABAv3/seg-coarse']);
    assert.equal(ids().length, 7);
  });

  it('refuses a file that is no image, naming it', async () => {
    const { context, stores } = memoryContext();
    await stores.templates.write('tpl-Mine_anat.nii.gz', '<html>Please log in</html>'.repeat(20));
    const [task] = importTemplateTasks({ template: await resolveTemplateDir(stores.templates, 'Mine'), segs: [], options: {} });
    await assert.rejects(importTemplateStage.run(task, context), (error: unknown) => error instanceof SpimquantError && error.code === 'bad-nifti' && /tpl-Mine_anat/.test(error.message));
  });

  it('downloads from a mirror into the cache, then needs no network', async () => {
    const cache = await mkdtemp(join(tmpdir(), 'spimquant-cache-'));
    const anat = writeNifti(small(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)));
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end(anat);
    });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    try {
      const template = await resolveTemplate('turone', { mirror: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
      const [task] = importTemplateTasks({ template, segs: [], options: {} });
      assert.deepEqual(task.inputs, []);
      for (let round = 0; round < 2; round++) {
        const { context, stores } = memoryContext();
        const local = new LocalStore(cache);
        await importTemplateStage.run(task, {
          ...context,
          store: (place) => (place === 'templates' ? local : stores[place]),
          localPath: ({ place, path }) => (place === 'templates' ? local.pathOf(path) : undefined),
        });
        assert.deepEqual(await stores.output.read('tpl-turone/tpl-turone_anat.nii.gz'), anat);
      }
      assert.deepEqual(asked, ['/tpl-turone/tpl-turone_anat.nii.gz']);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => { server.close(resolve); });
      await rm(cache, { recursive: true, force: true });
    }
  });
});
