/** The Emscripten glue of wa-sqlite's synchronous build, which ships without declarations. */
declare module 'wa-sqlite/dist/wa-sqlite.mjs' {
  /** Instantiates SQLite; without `instantiateWasm` it fetches the wasm beside itself. */
  export default function create(options?: {
    instantiateWasm?: (
      imports: WebAssembly.Imports,
      receive: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
    ) => void
    printErr?: (line: string) => void
  }): Promise<import('./sqlite-module.ts').SqliteModule>
}
