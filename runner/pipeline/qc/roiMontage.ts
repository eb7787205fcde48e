import { drawPanel, overlayFraction, overlayOutlines, paint, percentileWindow } from '../../figures/panels.ts';
import { svgToPng } from '../../figures/render.ts';
import { cropSlice, cutSlice, fitSlice, planeView } from '../../figures/slices.ts';
import type { PlaneView } from '../../figures/slices.ts';
import { ink, svgDocument, text } from '../../figures/svg.ts';
import type { Volume } from '../../kernels/volume.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import { paramsOf, readVolume, writeBytes } from '../io.ts';
import { readRegions } from '../tableFiles.ts';
import type { Stage, Task } from '../task.ts';
import { figureTask } from './figureTask.ts';

interface Params {
  readonly id: string;
  readonly stain: string;
  readonly seg: string;
  readonly method: string;
  readonly masked: boolean;
}

/** Draws a crop of every region of an atlas, with the segmentation laid over it or (`nomask`) without. */
export function roiMontageTask(plan: ImagePlan, stain: string, seg: string, method: string, masked = true): Task {
  const level = plan.options.registrationLevel;
  const params: Params = { id: plan.paths.id, stain, seg, method, masked };
  return figureTask(plan, {
    stage: 'qc-roimontage', parts: [stain, seg, method, ...(masked ? [] : ['nomask'])], params,
    title: `montage of ${stain} in ${seg} (${method}${masked ? '' : ', no mask'})`,
    inputs: [
      plan.paths.spim(stain, level), plan.paths.parcellation(seg, level), plan.template.paths.table(seg),
      ...(masked ? [plan.paths.fieldFraction(stain, level, method)] : []),
    ],
    output: plan.paths.qc({ stain, seg, method: masked ? method : `${method}nomask` }, 'roimontage'), bytesPerVoxel: 24,
  });
}

/** Where a label is: first and last voxel along each axis, and how many voxels it has. */
export interface LabelBox {
  readonly label: number;
  readonly first: readonly [number, number, number];
  readonly last: readonly [number, number, number];
  readonly voxels: number;
}

/** Bounding boxes of all labels but 0, by ascending label. */
export function labelBoxes(labels: Volume): readonly LabelBox[] {
  const [nx, ny, nz] = labels.size;
  const boxes = new Map<number, { first: [number, number, number]; last: [number, number, number]; voxels: number }>();
  for (let z = 0, i = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++, i++) {
        const label = labels.data[i];
        if (label === 0) continue;
        const box = boxes.get(label);
        if (box === undefined) {
          boxes.set(label, { first: [x, y, z], last: [x, y, z], voxels: 1 });
          continue;
        }
        if (x < box.first[0]) box.first[0] = x;
        if (y < box.first[1]) box.first[1] = y;
        if (x > box.last[0]) box.last[0] = x;
        if (y > box.last[1]) box.last[1] = y;
        box.last[2] = z;
        box.voxels++;
      }
    }
  }
  return [...boxes].sort(([a], [b]) => a - b).map(([label, box]) => ({ label, ...box }));
}

/** The axial crop of a region: its box with a fifth more on each side, as pixels of the whole slice. */
function cropOf(box: LabelBox, view: PlaneView, size: readonly number[]): readonly [number, number, number, number] {
  const margin = (axis: number): number => Math.max(2, 0.2 * (box.last[axis] - box.first[axis] + 1));
  const side = (axis: number, flip: boolean): readonly [number, number] => {
    const [first, last] = flip ? [size[axis] - 1 - box.last[axis], size[axis] - 1 - box.first[axis]] : [box.first[axis], box.last[axis]];
    return [first - margin(axis), last - first + 1 + 2 * margin(axis)];
  };
  const [left, width] = side(view.across, view.flipAcross);
  // Pixel rows count from the top, voxels upwards.
  const [top, height] = side(view.up, !view.flipUp);
  return [Math.max(0, left), Math.max(0, top), width, height];
}

/** Regions shown, panels in a row and size of a panel: few large ones for a coarse atlas, many small ones otherwise. */
function grid(regions: number): { readonly most: number; readonly columns: number; readonly panel: number } {
  return regions <= 25 ? { most: 25, columns: 5, panel: 300 } : { most: 100, columns: 10, panel: 170 };
}

/** The figure as SVG. All volumes on the same grid. */
export function roiMontageSvg(image: Volume, labels: Volume, fraction: Volume | undefined, names: ReadonlyMap<number, string>, params: Params): string {
  const window = percentileWindow(image.data);
  const view = planeView(image.affine, 'axial');
  const found = labelBoxes(labels);
  const { most, columns, panel } = grid(found.length);
  // Of more regions than fit, the largest are shown, still in the order of the atlas.
  const shown = found.length <= most ? found : [...found].sort((a, b) => b.voxels - a.voxels || a.label - b.label).slice(0, most).sort((a, b) => a.label - b.label);
  const gap = 8;
  const caption = 22;
  const parts = shown.map((box, i) => {
    const index = Math.floor((box.first[view.through] + box.last[view.through]) / 2);
    const [left, top, width, height] = cropOf(box, view, image.size);
    const cut = (volume: Volume, mode: 'linear' | 'nearest'): ReturnType<typeof fitSlice> => fitSlice(cropSlice(cutSlice(volume, view, index), left, top, width, height), panel, panel, mode);
    const gray = cut(image, 'linear');
    const picture = paint(gray, window);
    if (fraction !== undefined) overlayFraction(picture, cut(fraction, 'linear'));
    const own = cut(labels, 'nearest');
    overlayOutlines(picture, { ...own, values: own.values.map((value) => (value === box.label ? 1 : 0)) }, [64, 200, 255], 0.8);
    return drawPanel({ x: 20 + (i % columns) * (panel + gap), y: 84 + Math.floor(i / columns) * (panel + caption + gap), width: panel, height: panel + caption }, picture, {
      caption: names.get(box.label) ?? `Unknown_Region_${box.label}`, scaleBarMm: gray.pixel[0],
    });
  });
  const rows = Math.max(1, Math.ceil(shown.length / columns));
  return svgDocument({
    width: 40 + columns * panel + (columns - 1) * gap, height: 84 + rows * (panel + caption + gap) + 12,
    title: `${params.stain} in the regions of ${params.seg}${params.masked ? ` with the segmentation of ${params.method}` : ''}`,
    description: `Axial crops of ${shown.length} of ${found.length} regions at the middle of each.`,
    body: text(20, 36, `${params.stain} in the regions of atlas ${params.seg}`, { size: 20, weight: 'bold' })
      + text(20, 60, `${params.id}, ${params.method}. Axial, at the middle of each region (blue outline)${found.length > shown.length ? `; the ${shown.length} largest of ${found.length} regions` : ''}${params.masked ? '; field fraction in warm colours' : ''}.`, { color: ink.faint })
      + (shown.length === 0 ? text(20, 110, 'No region of the atlas lies in the image.', { color: ink.faint }) : parts.join('')),
  });
}

export const roiMontageStage: Stage = {
  name: 'qc-roimontage',
  version: 1,
  async run(task, context) {
    const params = paramsOf<Params>(task);
    const [spim, parcellation, table, fieldFraction] = task.inputs;
    const image = await readVolume(context, spim);
    const labels = await readVolume(context, parcellation);
    const names = new Map((await readRegions(context, table)).map(({ index, name }) => [index, name]));
    const fraction = fieldFraction === undefined ? undefined : await readVolume(context, fieldFraction);
    context.signal.throwIfAborted();
    await writeBytes(context, task.outputs[0], await svgToPng(roiMontageSvg(image, labels, fraction, names, params), 1));
  },
};
