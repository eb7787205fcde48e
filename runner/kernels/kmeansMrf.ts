import { emptyHistogram, binCentres, countInto } from './histogram.ts';
import { lastBins } from './otsu.ts';
import type { Vec3 } from './geometry.ts';
import { voxelCount } from './volume.ts';

/** Choices of {@link tissueClasses}. */
export interface TissueOptions {
  /** Wished number of classes; fewer when the image has fewer distinct values. */
  readonly classes: number;
  /** Weight of the neighbours. Default 0.3. */
  readonly smoothing?: number;
  /** Neighbourhood: so many voxels to each side, per axis. Default 2. */
  readonly radius?: number;
  /** Sweeps over the image. Default 5. */
  readonly iterations?: number;
  /** Edge lengths of a voxel, in any unit. Default 1, 1, 1. */
  readonly spacing?: Vec3;
  /** Called (and waited for) after each plane of each sweep: for progress, and to stop by throwing. */
  readonly onPlane?: (done: number, total: number) => void | Promise<void>;
}

/** What {@link tissueClasses} found. */
export interface TissueClasses {
  /** 1 (darkest at the start) to `classes`, per voxel, x fastest. */
  readonly labels: Uint8Array;
  readonly classes: number;
}

/** Bins of the histogram that the start is found on. */
const histogramBins = 1024;

/** Smallest variance of a class, as a part of the squared range of the image. */
const smallestVariance = 1e-8;

/**
 * Divides an image into tissue classes: k-means on the intensities, then iterated conditional modes (Besag 1986) of a
 * mixture of normal distributions with a Potts prior, whose weight of a neighbour is 1/distance, in the manner of Atropos (Avants
 * et al. 2011). Means and variances are updated from the posterior probabilities of each sweep. Voxels are visited in
 * order, so that equal images give equal classes.
 *
 * @param image nx·ny·nz finite values, x fastest
 */
export async function tissueClasses(image: Float32Array, size: Vec3, options: TissueOptions): Promise<TissueClasses> {
  const { smoothing = 0.3, radius = 2, iterations = 5, spacing = [1, 1, 1] } = options;
  if (image.length !== voxelCount(size)) throw new RangeError(`The image has ${image.length} values; its size needs ${voxelCount(size)}.`);
  let lo = Infinity;
  let hi = -Infinity;
  for (const value of image) {
    if (value < lo) lo = value;
    if (value > hi) hi = value;
  }
  const labels = new Uint8Array(image.length);
  const cuts = hi > lo ? startingCuts(image, lo, hi, options.classes) : [];
  const classes = cuts.length + 1;
  for (let i = 0; i < image.length; i++) {
    let label = 1;
    while (label <= cuts.length && image[i] > cuts[label - 1]) label++;
    labels[i] = label;
  }
  if (classes === 1) return { labels, classes };
  const model = modelOfLabels(image, labels, classes, smallestVariance * (hi - lo) ** 2);
  const neighbours = neighbourhood(size, spacing, radius);
  for (let sweep = 0; sweep < iterations; sweep++) {
    const sums = new Sums(classes);
    let changed = 0;
    for (let z = 0; z < size[2]; z++) {
      changed += sweepPlane(image, labels, size, z, model, neighbours, smoothing, sums);
      await options.onPlane?.(sweep * size[2] + z + 1, iterations * size[2]);
    }
    sums.into(model);
    if (changed === 0) break;
  }
  return { labels, classes };
}

/** Upper ends of all classes but the highest, by optimal one-dimensional k-means. */
function startingCuts(image: Float32Array, lo: number, hi: number, wished: number): number[] {
  const histogram = emptyHistogram(histogramBins, lo, hi);
  countInto(histogram, image);
  const occupied = histogram.counts.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
  const classes = Math.min(wished, occupied, 255);
  return classes < 2 ? [] : lastBins(histogram.counts, classes).map((bin) => binCentres(histogram)[bin] + (hi - lo) / histogramBins / 2);
}

/** Normal distributions of the classes. */
interface Model {
  readonly means: Float64Array;
  readonly variances: Float64Array;
  readonly floor: number;
}

/** Weighted sums from which the distributions are estimated. */
class Sums {
  private readonly mass: Float64Array;
  private readonly first: Float64Array;
  private readonly second: Float64Array;

  constructor(classes: number) {
    this.mass = new Float64Array(classes);
    this.first = new Float64Array(classes);
    this.second = new Float64Array(classes);
  }

  add(k: number, weight: number, value: number): void {
    this.mass[k] += weight;
    this.first[k] += weight * value;
    this.second[k] += weight * value * value;
  }

  /** Classes that lost all their voxels keep their distribution. */
  into(model: Model): void {
    for (let k = 0; k < this.mass.length; k++) {
      if (this.mass[k] < 1e-6) continue;
      const mean = this.first[k] / this.mass[k];
      model.means[k] = mean;
      model.variances[k] = Math.max(model.floor, this.second[k] / this.mass[k] - mean * mean);
    }
  }
}

function modelOfLabels(image: Float32Array, labels: Uint8Array, classes: number, floor: number): Model {
  const sums = new Sums(classes);
  for (let i = 0; i < image.length; i++) sums.add(labels[i] - 1, 1, image[i]);
  const model: Model = { means: new Float64Array(classes), variances: new Float64Array(classes).fill(floor), floor };
  sums.into(model);
  return model;
}

/** Neighbours of a voxel as steps along the axes, distances in the array, and weights. */
interface Neighbourhood {
  readonly steps: readonly Vec3[];
  readonly offsets: Int32Array;
  readonly weights: Float64Array;
  readonly reach: Vec3;
}

function neighbourhood(size: Vec3, spacing: Vec3, radius: number): Neighbourhood {
  const unit = Math.min(...spacing);
  const reach: Vec3 = [Math.min(radius, size[0] - 1), Math.min(radius, size[1] - 1), Math.min(radius, size[2] - 1)];
  const steps: Vec3[] = [];
  for (let z = -reach[2]; z <= reach[2]; z++) {
    for (let y = -reach[1]; y <= reach[1]; y++) {
      for (let x = -reach[0]; x <= reach[0]; x++) if (x !== 0 || y !== 0 || z !== 0) steps.push([x, y, z]);
    }
  }
  const distance = ([x, y, z]: Vec3): number => Math.hypot(x * spacing[0], y * spacing[1], z * spacing[2]) / unit;
  return {
    steps,
    offsets: Int32Array.from(steps, ([x, y, z]) => x + size[0] * (y + size[1] * z)),
    weights: Float64Array.from(steps, (step) => 1 / distance(step)),
    reach,
  };
}

/** Relabels one plane; returns how many voxels changed. */
function sweepPlane(
  image: Float32Array, labels: Uint8Array, size: Vec3, z: number, model: Model, neighbours: Neighbourhood, smoothing: number, sums: Sums,
): number {
  const classes = model.means.length;
  const [nx, ny, nz] = size;
  const { steps, offsets, weights, reach } = neighbours;
  const constants = Float64Array.from(model.variances, (variance) => -0.5 * Math.log(2 * Math.PI * variance));
  const precisions = Float64Array.from(model.variances, (variance) => 0.5 / variance);
  const energies = new Float64Array(classes + 1);
  const posterior = new Float64Array(classes);
  const insideZ = z >= reach[2] && z < nz - reach[2];
  let changed = 0;
  for (let y = 0; y < ny; y++) {
    const insideY = insideZ && y >= reach[1] && y < ny - reach[1];
    for (let x = 0; x < nx; x++) {
      const i = x + nx * (y + ny * z);
      energies.fill(0);
      if (insideY && x >= reach[0] && x < nx - reach[0]) {
        for (let n = 0; n < offsets.length; n++) energies[labels[i + offsets[n]]] += weights[n];
      } else {
        for (let n = 0; n < offsets.length; n++) {
          const [sx, sy, sz] = steps[n];
          if (x + sx < 0 || x + sx >= nx || y + sy < 0 || y + sy >= ny || z + sz < 0 || z + sz >= nz) continue;
          energies[labels[i + offsets[n]]] += weights[n];
        }
      }
      let best = 0;
      for (let k = 0; k < classes; k++) {
        const distance = image[i] - model.means[k];
        posterior[k] = constants[k] - distance * distance * precisions[k] + smoothing * energies[k + 1];
        if (posterior[k] > posterior[best]) best = k;
      }
      const largest = posterior[best];
      let total = 0;
      for (let k = 0; k < classes; k++) {
        posterior[k] = Math.exp(posterior[k] - largest);
        total += posterior[k];
      }
      for (let k = 0; k < classes; k++) if (posterior[k] > 1e-12) sums.add(k, posterior[k] / total, image[i]);
      if (labels[i] !== best + 1) {
        labels[i] = best + 1;
        changed++;
      }
    }
  }
  return changed;
}
