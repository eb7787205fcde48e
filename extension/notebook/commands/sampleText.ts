/**
 * The sample notebook's text with the places of its dataset and results: its options cell says `{{dataset}}` and
 * `{{output}}`. Pure.
 */
export function sampleText(template: string, dataset: string, output: string): string {
  // A JSON text is YAML too, and stands here in the JSON of the file.
  const quoted = (path: string): string => JSON.stringify(JSON.stringify(path)).slice(1, -1);
  return template.replaceAll('{{dataset}}', () => quoted(dataset)).replaceAll('{{output}}', () => quoted(output));
}
