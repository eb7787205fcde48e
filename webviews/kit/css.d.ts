/** The bundler hands over style sheets as text. */
declare module '*.css' {
  const text: string;
  export = text;
}
