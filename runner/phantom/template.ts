import type { Affine, Vec3 } from '../kernels/geometry.ts';
import type { Volume } from '../kernels/volume.ts';
import type { Region } from '../templates/template.types.ts';
import { allRegions, coarseLabel, coarseRegions, contrasts, labelAt, shadeAt } from './anatomy.ts';

/** The built-in template, in memory. All volumes share one grid: RAS, 0.2 mm, 56 x 64 x 44 voxels. */
export interface PhantomTemplate {
  readonly name: 'phantom';
  readonly anat: Volume<Float32Array>;
  /** 1 in the brain, 0 outside. */
  readonly mask: Volume<Uint8Array>;
  /** Templates made of a stain. */
  readonly spim: readonly { readonly stain: string; readonly volume: Volume<Float32Array> }[];
  readonly atlases: readonly { readonly seg: string; readonly dseg: Volume<Uint16Array>; readonly regions: readonly Region[] }[];
  readonly defaultSegs: readonly string[];
}

/** Grid of the template: the brain is centred, the origin of RAS millimetres is the centre of the grid. */
export const templateSize: Vec3 = [56, 64, 44];
const spacing = 0.2;
export const templateAffine: Affine = [
  spacing, 0, 0, (-spacing * (templateSize[0] - 1)) / 2,
  0, spacing, 0, (-spacing * (templateSize[1] - 1)) / 2,
  0, 0, spacing, (-spacing * (templateSize[2] - 1)) / 2,
  0, 0, 0, 1,
];

/** Generates the template `phantom`: always the same. Takes about a second. */
export function phantomTemplate(): PhantomTemplate {
  const [nx, ny, nz] = templateSize;
  const count = nx * ny * nz;
  const anat = new Float32Array(count), yopro = new Float32Array(count);
  const mask = new Uint8Array(count), all = new Uint16Array(count), coarse = new Uint16Array(count);
  const tables = [contrasts.anat, contrasts.YoPro];
  const shades = new Float64Array(2);
  let i = 0;
  for (let z = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++, i++) {
        const px = templateAffine[3] + spacing * x, py = templateAffine[7] + spacing * y, pz = templateAffine[11] + spacing * z;
        // Mean over eight points of the voxel, as an instrument of this resolution would see it.
        let sumAnat = 0, sumYopro = 0;
        for (let corner = 0; corner < 8; corner++) {
          const dx = corner & 1 ? 0.25 : -0.25, dy = corner & 2 ? 0.25 : -0.25, dz = corner & 4 ? 0.25 : -0.25;
          shadeAt(px + dx * spacing, py + dy * spacing, pz + dz * spacing, tables, [1, 1], shades);
          sumAnat += shades[0];
          sumYopro += shades[1];
        }
        anat[i] = sumAnat / 8;
        yopro[i] = sumYopro / 8;
        const label = labelAt(px, py, pz);
        all[i] = label;
        coarse[i] = coarseLabel(label);
        mask[i] = label > 0 ? 1 : 0;
      }
    }
  }
  const volume = <A extends Float32Array | Uint8Array | Uint16Array>(data: A): Volume<A> => ({ data, size: templateSize, affine: templateAffine });
  return {
    name: 'phantom',
    anat: volume(anat),
    mask: volume(mask),
    spim: [{ stain: 'YoPro', volume: volume(yopro) }],
    atlases: [
      { seg: 'all', dseg: volume(all), regions: allRegions },
      { seg: 'coarse', dseg: volume(coarse), regions: coarseRegions },
    ],
    defaultSegs: ['all', 'coarse'],
  };
}
