/** A name of the program as words: `intensityHistogram` becomes `intensity histogram`. */
export function stageWords(stage: string): string {
  return stage.replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2').replaceAll(/[-_]/g, ' ').replaceAll(/\b([A-Z])([a-z])/g, (_all, first: string, second: string) => first.toLowerCase() + second);
}
