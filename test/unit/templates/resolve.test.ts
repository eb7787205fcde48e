import assert from 'node:assert/strict';
import { join } from 'node:path';
import { phantomTemplate } from '../../../runner/phantom/template.ts';
import { findTemplate, registeredTemplate, templateNames } from '../../../runner/templates/registry.ts';
import { resolveTemplate, templateCacheFolder } from '../../../runner/templates/resolve.ts';
import { resolveTemplateDir } from '../../../runner/templates/templateDir.ts';
import { MemoryStore } from '../../../runner/storage/memoryStore.ts';
import { SpimquantError } from '../../../runner/protocol/errors.ts';
import type { ErrorCode } from '../../../runner/protocol/errors.ts';

async function folder(...keys: readonly string[]): Promise<MemoryStore> {
  const store = new MemoryStore('s3://lab/templates');
  for (const key of keys) await store.write(key, 'x');
  return store;
}

function is(code: ErrorCode, pattern: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof SpimquantError && error.code === code && pattern.test(`${error.message} ${error.hint ?? ''}`);
}

describe('registered templates', () => {
  it('are complete: an anatomy, an atlas, default atlases that exist, and no key twice', () => {
    for (const name of templateNames) {
      const template = registeredTemplate(name);
      const segs = template.atlases.map(({ seg }) => seg);
      assert.ok(template.defaultSegs.length > 0 && template.defaultSegs.every((seg) => segs.includes(seg)), name);
      if (template.origin === 'generated') continue;
      const files = [template.anat, template.mask, ...template.spim.map(({ file }) => file), ...template.atlases.flatMap((atlas) => ('dseg' in atlas ? [atlas.dseg, atlas.table] : []))].filter((file) => file !== undefined);
      assert.ok(template.anat);
      assert.ok(files.every((file) => file.sources.length > 0 && file.key.startsWith(`tpl-${name}/`)), name);
      assert.equal(new Set(files.map(({ key }) => key)).size, files.length);
    }
  });

  it('describe the generated phantom as it is', () => {
    const [made, said] = [phantomTemplate(), registeredTemplate('phantom')];
    assert.deepEqual(said.spim.map(({ stain }) => stain), made.spim.map(({ stain }) => stain));
    assert.deepEqual(said.atlases.map(({ seg }) => seg), made.atlases.map(({ seg }) => seg));
    assert.deepEqual(said.defaultSegs, made.defaultSegs);
  });

  it('are named when a name is wrong, and gubra is explained', () => {
    assert.throws(() => registeredTemplate('ABAv2'), is('bad-option', /Did you mean ABAv3\?.*--template_dir/));
    assert.throws(() => registeredTemplate('gubra'), is('bad-option', /never been published.*--template_dir/));
  });

  it('can come from a mirror', async () => {
    const template = await resolveTemplate('ABAv3', { mirror: 'http://127.0.0.1:9/mirror/' });
    assert.deepEqual(template.anat?.sources, [{ kind: 'url', url: 'http://127.0.0.1:9/mirror/tpl-ABAv3/tpl-ABAv3_anat.nii.gz' }]);
    assert.deepEqual(findTemplate('ABAv3')?.anat?.sources[0].kind, 'zenodo');
  });
});

describe('a folder with a template', () => {
  it('is understood in upstream\'s names', async () => {
    const store = await folder(
      'tpl-ABAv3/tpl-ABAv3_anat.nii.gz', 'tpl-ABAv3/tpl-ABAv3_desc-brain_mask.nii.gz', 'tpl-ABAv3/tpl-ABAv3_Abeta.nii.gz', 'tpl-ABAv3/tpl-ABAv3_YoPro.nii.gz', 'tpl-ABAv3/tpl-ABAv3_desc-leftcrop_anat.nii.gz',
      'tpl-ABAv3/tpl-ABAv3_seg-roi22_dseg.nii.gz', 'tpl-ABAv3/tpl-ABAv3_seg-roi22_dseg.tsv', 'tpl-ABAv3/tpl-ABAv3_seg-coarse_dseg.nii.gz', 'tpl-ABAv3/tpl-ABAv3_seg-coarse_dseg.itksnap.txt',
    );
    const template = await resolveTemplateDir(store, 'ABAv3');
    assert.equal(template.anat?.key, 'tpl-ABAv3/tpl-ABAv3_anat.nii.gz');
    assert.equal(template.mask?.key, 'tpl-ABAv3/tpl-ABAv3_desc-brain_mask.nii.gz');
    assert.deepEqual(template.spim.map(({ stain }) => stain), ['YoPro', 'Abeta']);
    assert.deepEqual(template.atlases.map((atlas) => ('table' in atlas ? [atlas.seg, atlas.table?.key] : [])), [['coarse', 'tpl-ABAv3/tpl-ABAv3_seg-coarse_dseg.itksnap.txt'], ['roi22', 'tpl-ABAv3/tpl-ABAv3_seg-roi22_dseg.tsv']]);
    assert.deepEqual(template.defaultSegs, ['coarse']);
    assert.equal(template.notices, undefined);
  });

  it('is understood in TemplateFlow\'s names, and says that it has no mask', async () => {
    const template = await resolveTemplateDir(await folder('tpl-Mouse_res-02_T2w.nii.gz', 'tpl-Mouse_res-01_T2w.nii.gz', 'tpl-Mouse_res-01_atlas-X_dseg.nii.gz', 'tpl-Mouse_res-01_probseg.nii.gz'), 'Mouse');
    assert.equal(template.anat?.key, 'tpl-Mouse_res-01_T2w.nii.gz');
    assert.equal(template.mask, undefined);
    assert.match(template.notices?.[0] ?? '', /no brain mask/);
    assert.deepEqual(template.spim, []);
    assert.deepEqual(template.defaultSegs, ['X']);
  });

  it('is refused with what was looked for', async () => {
    await assert.rejects(resolveTemplateDir(await folder('tpl-ABAv3_anat.nii.gz'), 'ABAv2'), is('not-found', /no files of the template ABAv2.*Did you mean ABAv3/));
    await assert.rejects(resolveTemplateDir(await folder(), 'ABAv3'), is('not-found', /tpl-ABAv3_seg-all_dseg/));
    await assert.rejects(resolveTemplateDir(await folder('tpl-X_seg-all_dseg.nii.gz'), 'X'), is('bad-template', /no anatomical image/));
  });
});

describe('the folder of downloaded templates', () => {
  it('is where the platform and the user want it', () => {
    const at = (env: Record<string, string>, platform: NodeJS.Platform): string => templateCacheFolder({ env, platform, home: join('/', 'home', 'a') });
    assert.equal(at({ SPIMQUANT_CACHE_DIR: join('/', 'big') }, 'linux'), join('/', 'big', 'templates'));
    assert.equal(at({ XDG_CACHE_HOME: join('/', 'c') }, 'linux'), join('/', 'c', 'spimquant', 'templates'));
    assert.equal(at({}, 'linux'), join('/', 'home', 'a', '.cache', 'spimquant', 'templates'));
    assert.equal(at({}, 'darwin'), join('/', 'home', 'a', 'Library', 'Caches', 'spimquant', 'templates'));
  });
});
