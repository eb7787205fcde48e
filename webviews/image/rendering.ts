// Loaded when somebody looks at the rendering: the planes do not wait for it.
import { Niivue } from '@niivue/niivue';
import { parseColor, type Rgb, type Window } from './windowing.ts';

/** A channel of a volume. */
export interface RenderedChannel {
  /** Uncompressed NIfTI. */
  readonly nifti: ArrayBuffer;
  readonly label: string;
}

/** How a channel is shown; in the order of the volumes. */
export interface RenderedLook {
  readonly visible: boolean;
  readonly color: string;
  readonly window: Window;
}

/** Opacity of voxels in the middle of a window: bright structures stand out of the tissue around them. */
const faint = [0, 12, 128] as const;

/** A rendering of a few channels by NiiVue. */
export class Rendering {
  readonly #canvas: HTMLCanvasElement;
  readonly #niivue: Niivue;
  #depth = 2;
  #colors = 0;

  private constructor(canvas: HTMLCanvasElement, niivue: Niivue) {
    this.#canvas = canvas;
    this.#niivue = niivue;
  }

  /** Begins to render into a canvas. Rejects when the page has no WebGL 2. */
  static async start(canvas: HTMLCanvasElement, channels: readonly RenderedChannel[]): Promise<Rendering> {
    const niivue = new Niivue({
      backColor: [0, 0, 0, 1], show3Dcrosshair: false, isColorbar: false, isOrientCube: true, dragAndDropEnabled: false, logLevel: 'error', loadingText: '',
      clipPlaneHotKey: '', cycleClipPlaneHotKey: '', viewModeHotKey: '', isAdditiveBlend: true, clipPlaneColor: [0, 0, 0, 0], fontColor: [1, 1, 1, 1],
    });
    await niivue.attachToCanvas(canvas, true);
    niivue.setSliceType(niivue.sliceTypeRender);
    for (const { nifti, label } of channels) await niivue.addVolumeFromUrl({ url: `${label}.nii`, name: `${label}.nii`, buffer: nifti });
    niivue.setRenderAzimuthElevation(120, 18);
    return new Rendering(canvas, niivue);
  }

  /** Shows the channels in their colours and windows. */
  look(looks: readonly RenderedLook[]): void {
    const niivue = this.#niivue;
    looks.forEach(({ visible, color, window }, i) => {
      const volume = niivue.volumes.at(i);
      if (volume === undefined) return;
      // Each look has a colour map of its own: maps of one name are made once.
      const name = `channel-${i}-${this.#colors++}`;
      niivue.addColormap(name, colormapOf(parseColor(color) ?? [255, 255, 255]));
      volume.colormap = name;
      volume.cal_min = window.low;
      volume.cal_max = window.high;
      volume.opacity = visible ? 1 : 0;
    });
    niivue.updateGLVolume();
  }

  turn(azimuth: number, elevation: number): void {
    const { scene } = this.#niivue;
    this.#niivue.setRenderAzimuthElevation(scene.renderAzimuth + azimuth, Math.max(-90, Math.min(90, scene.renderElevation + elevation)));
  }

  zoom(factor: number): void {
    this.#niivue.setScale(Math.min(6, Math.max(0.4, this.#niivue.scene.volScaleMultiplier * factor)));
  }

  /** Cuts off what is in front, by so much more; from the front of the view. */
  clip(step: number): number {
    this.#depth = Math.max(-0.5, Math.min(2, (this.#depth > 1 ? 0.55 : this.#depth) - step));
    if (this.#depth > 0.5) this.#depth = 2;
    const { renderAzimuth, renderElevation } = this.#niivue.scene;
    this.#niivue.setClipPlane([this.#depth, renderAzimuth, renderElevation]);
    return this.#depth;
  }

  /** What is rendered, drawn in this very moment: the canvas keeps nothing. */
  picture(): HTMLCanvasElement {
    this.#niivue.drawScene();
    return this.#canvas;
  }

  dispose(): void {
    for (const volume of [...this.#niivue.volumes]) this.#niivue.removeVolume(volume);
    this.#niivue.cleanup();
    this.#niivue.gl.getExtension('WEBGL_lose_context')?.loseContext();
  }
}

function colormapOf([red, green, blue]: Rgb): { readonly R: number[]; readonly G: number[]; readonly B: number[]; readonly A: number[]; readonly I: number[] } {
  const rise = (part: number): number[] => [0, Math.round(part / 2), part];
  return { R: rise(red), G: rise(green), B: rise(blue), A: [...faint], I: [0, 96, 255] };
}
