/** The codecs that bring no typings; only what we call. */
declare module 'snappyjs' {
  const snappy: {
    uncompress: (data: Uint8Array, maxLength?: number) => Uint8Array;
    compress: (data: Uint8Array) => Uint8Array;
  };
  export = snappy;
}

declare module 'lz4js' {
  const lz4: {
    decompressBound: (data: Uint8Array) => number;
    decompress: (data: Uint8Array, maxSize?: number) => Uint8Array;
    compress: (data: Uint8Array) => Uint8Array;
  };
  export = lz4;
}
